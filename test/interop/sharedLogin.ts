import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeJwt } from "jose";
import type { CodexLink } from "../../src/account/credential.ts";
import { credentialOf as credentialOfLogin, readLoginOf } from "../../src/codex/login.ts";
import { startProcessTree } from "../support/cleanUp.ts";
import { ensureCodexCli, runCodex } from "../support/codexCli.ts";
import { createServices, type TestServices } from "../support/services.ts";
import { eventually, patience } from "../support/timing.ts";
import { credentialOf } from "../unit/codex/fixture.ts";
import { type CodexWorld, useCodexWorld } from "./codexWorld.ts";

const refreshCount = 20;
const longSeconds = 864_000;
/** More than the five minutes before its expiry in which the Codex CLI refreshes an access token at every start. */
const almostDueSeconds = 303;

/** Windows of the editor beside the real Codex CLI. Registers its own hooks in the surrounding suite. */
export function useSharedLogin(): { world: CodexWorld; editor: SharedLogin } {
  const world = useCodexWorld();
  const editor = new SharedLogin(world);
  afterEach(() => editor.dispose());
  return { world, editor };
}

/** The windows of a test, and what a person does with the login that they share with the Codex CLI. */
export class SharedLogin {
  readonly #world: CodexWorld;
  #windows: TestServices[] = [];

  constructor(world: CodexWorld) {
    this.#world = world;
  }

  async dispose(): Promise<void> {
    for (const window of this.#windows) await window.dispose();
    this.#windows = [];
    this.#world.issuer.setLifetimes({ accessToken: longSeconds });
  }

  /** A window of the editor beside the Codex CLI of `environment`. */
  async openWindow(environment: Readonly<Record<string, string>>, codexPath?: string): Promise<TestServices> {
    const { command, args } = ensureCodexCli();
    const program = join(this.#world.home, "codex");
    await writeFile(program, `#!/bin/sh\nexec "${command}" ${args.map((arg) => `"${arg}"`).join(" ")} "$@"\n`, {
      mode: 0o700,
    });
    const window = await createServices({
      issuer: this.#world.issuer.listening,
      openExternal: async (url) => {
        void this.#world.signInOn(url, this.#world.issuer.listening);
        return true;
      },
      codex: { environment, userHome: this.#world.home, codexPath: () => codexPath ?? program },
    });
    this.#windows.push(window);
    await window.accounts.load();
    return window;
  }

  /** Imports the login that the Codex CLI has, as a person who chooses Link. */
  async link(window: TestServices, store: CodexLink["store"]): Promise<void> {
    const login = await readLoginOf(window.codex.cli);
    assert.equal(login.link?.store, store);
    const to: CodexLink = { ...login.link, refreshHere: false };
    await window.accounts.storeSignIn(credentialOfLogin(login.file, to, this.#world.issuer.listening, Date.now()));
  }

  /** Signs the Codex CLI in with its own command; the browser is ours. */
  async codexLogin(environment: Record<string, string>): Promise<void> {
    const { command, args } = ensureCodexCli();
    const login = startProcessTree(command, [...args, "login"], { env: environment, cwd: this.#world.home });
    const url = await eventually(() => {
      const found = /https:\/\/auth\.openai\.com\/oauth\/authorize\S+/.exec(login.output())?.[0];
      assert.ok(found, login.output());
      return found;
    }, patience);
    await this.#world.signInOn(url);
    assert.equal(await login.ended, 0, login.output());
    await login.stop();
  }

  /**
   * Refreshes the login many times, some by the Codex CLI itself, most because we ask it; both can use it each time.
   */
  async refreshManyTimes(window: TestServices, environment: Record<string, string>): Promise<void> {
    const before = this.#refreshes();
    for (let round = 1; this.#refreshes() - before < refreshCount; round++) {
      const byItself = round % 6 === 0;
      const seen = credentialOf(window).tokens.accessToken;
      const count = this.#refreshes();
      if (byItself) {
        await due(credentialOf(window).tokens.accessToken);
        await sayHi(environment);
        // There is no event for the keyring: we see the change when our own refresh is due.
        if (credentialOf(window).link?.store === "keyring") await window.refresher.refresh(credentialOf(window));
      } else {
        // The Codex CLI refreshes the next one, soon.
        this.#world.issuer.setLifetimes({ accessToken: round % 6 === 5 ? almostDueSeconds : longSeconds });
        await window.refresher.refresh(credentialOf(window));
        this.#world.issuer.setLifetimes({ accessToken: longSeconds });
      }
      assert.equal(this.#refreshes(), count + 1);
      await eventually(() => assert.notEqual(credentialOf(window).tokens.accessToken, seen), 1000, 5);
      assert.equal(await this.#world.accepts(credentialOf(window).tokens.accessToken), true);
    }
    assert.deepEqual(this.#world.issuer.recordsOf("reuseDetected"), []);
    assert.equal(credentialOf(window).rejected, undefined);
    await assertLoggedIn(environment);
    await sayHi(environment);
  }

  #refreshes(): number {
    return this.#world.issuer.recordsOf("refresh").filter(({ outcome }) => outcome === "rotated").length;
  }
}

/** The Codex CLI answers, and refreshes first when its access token ends soon. */
export async function sayHi(environment: Record<string, string>): Promise<void> {
  const run = await runCodex(["exec", "--skip-git-repo-check", "say hi"], environment);
  assert.equal(run.status, 0, run.output);
  assert.match(run.output, /Hello from the fake API\./);
}

export async function assertLoggedIn(environment: Record<string, string>): Promise<void> {
  const { status, output } = await runCodex(["login", "status"], environment);
  assert.deepEqual([status, /Logged in using ChatGPT/.test(output)], [0, true], output);
}

/** Resolves when a token is due for the Codex CLI: five minutes before its expiry. */
async function due(accessToken: string): Promise<void> {
  const { exp = 0 } = decodeJwt(accessToken);
  await eventually(() => assert.ok(Date.now() / 1000 > exp - 300), 10_000);
}
