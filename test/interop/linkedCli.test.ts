import assert from "node:assert/strict";
import { access, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeJwt } from "jose";
import type { CodexLink } from "../../src/account/credential.ts";
import { describeAppServerFailure } from "../../src/codex/appServer/appServer.ts";
import { describeCodexNotFound } from "../../src/codex/appServer/findCodex.ts";
import { readAuthFile } from "../../src/codex/authFile/read.ts";
import { handOff } from "../../src/codex/handOff.ts";
import { credentialOf, readLoginOf } from "../../src/codex/login.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { startProcessTree } from "../support/cleanUp.ts";
import { ensureCodexCli, runCodex } from "../support/codexCli.ts";
import { createServices, type TestServices } from "../support/services.ts";
import { eventually, patience } from "../support/timing.ts";
import { useCodexWorld } from "./codexWorld.ts";
import { type Keyring, startKeyring } from "./keyring.ts";

const refreshNotes = 20;
const longSeconds = 864_000;
/** More than the five minutes before its end in which the CLI renews an access token at every start. */
const almostDueSeconds = 303;

describe("a login shared with the real Codex CLI", function () {
  this.timeout(300_000);
  const world = useCodexWorld();
  let windows: TestServices[] = [];

  afterEach(async () => {
    for (const window of windows) await window.dispose();
    windows = [];
    world.issuer.setLifetimes({ accessToken: longSeconds });
  });

  /** A window of the editor beside the CLI of `environment`. */
  async function openWindow(environment: Readonly<Record<string, string>>, codexPath?: string): Promise<TestServices> {
    const { command, args } = ensureCodexCli();
    const program = join(world.home, "codex");
    await writeFile(program, `#!/bin/sh\nexec "${command}" ${args.map((arg) => `"${arg}"`).join(" ")} "$@"\n`, {
      mode: 0o700,
    });
    const window = await createServices({
      issuer: world.issuer.listening,
      openExternal: async (url) => {
        void world.signInOn(url);
        return true;
      },
      codex: { environment, userHome: world.home, codexPath: () => codexPath ?? program },
    });
    windows.push(window);
    await window.accounts.load();
    return window;
  }

  const credential = (window: TestServices) => {
    const entry = window.accounts.entry();
    assert.ok(entry);
    return entry.credential;
  };

  /** Imports the login that the CLI has, as a person who chooses Link. */
  async function link(window: TestServices, store: CodexLink["store"]): Promise<void> {
    const login = await readLoginOf(window.cli);
    assert.equal(login.link?.store, store);
    const to: CodexLink = { ...login.link, refreshHere: false };
    await window.accounts.put(credentialOf(login.file, to, world.issuer.listening, Date.now()), { activate: true });
  }

  /** Signs the CLI in with its own command; the browser is ours. */
  async function codexLogin(environment: Record<string, string>): Promise<void> {
    const { command, args } = ensureCodexCli();
    const login = startProcessTree(command, [...args, "login"], { env: environment, cwd: world.home });
    const url = await eventually(() => {
      const found = /https:\/\/auth\.openai\.com\/oauth\/authorize\S+/.exec(login.output())?.[0];
      assert.ok(found, login.output());
      return found;
    }, patience);
    await world.signInOn(url);
    assert.equal(await login.ended, 0, login.output());
    await login.stop();
  }

  /** The CLI answers, and refreshes first when its access token ends soon. */
  async function sayHi(environment: Record<string, string>): Promise<void> {
    const run = await runCodex(["exec", "--skip-git-repo-check", "say hi"], environment);
    assert.equal(run.status, 0, run.output);
    assert.match(run.output, /Hello from the stand-in\./);
  }

  async function assertLoggedIn(environment: Record<string, string>): Promise<void> {
    const { status, output } = await runCodex(["login", "status"], environment);
    assert.deepEqual([status, /Logged in using ChatGPT/.test(output)], [0, true], output);
  }

  const refreshes = () => world.issuer.recordsOf("refresh").filter(({ outcome }) => outcome === "rotated").length;

  /** Renews the login many times, some by the CLI for itself, most because we ask it, and each time both can use it. */
  async function rotate(window: TestServices, environment: Record<string, string>): Promise<void> {
    const before = refreshes();
    for (let round = 1; refreshes() - before < refreshNotes; round++) {
      const byItself = round % 6 === 0;
      const seen = credential(window).tokens.accessToken;
      const count = refreshes();
      if (byItself) {
        await due(credential(window).tokens.accessToken);
        await sayHi(environment);
        // From the keyring nobody tells us: we see it when our own is due.
        if (credential(window).link?.store === "keyring") await window.refresher.refresh(credential(window));
      } else {
        // The next one is the CLI's to renew, soon.
        world.issuer.setLifetimes({ accessToken: round % 6 === 5 ? almostDueSeconds : longSeconds });
        await window.refresher.refresh(credential(window));
        world.issuer.setLifetimes({ accessToken: longSeconds });
      }
      assert.equal(refreshes(), count + 1);
      await eventually(() => assert.notEqual(credential(window).tokens.accessToken, seen), 1000, 5);
      assert.equal(await world.accepts(credential(window).tokens.accessToken), true);
    }
    assert.deepEqual(world.issuer.recordsOf("reuseDetected"), []);
    assert.equal(credential(window).rejected, undefined);
    await assertLoggedIn(environment);
    await sayHi(environment);
  }

  /** Resolves when the CLI finds that a token is to be renewed: five minutes before its end. */
  async function due(accessToken: string): Promise<void> {
    const { exp = 0 } = decodeJwt(accessToken);
    await eventually(() => assert.ok(Date.now() / 1000 > exp - 300), 10_000);
  }

  it("made by `codex login` is linked, and outlives 20 refreshNotes", async () => {
    await codexLogin(world.environment);
    const window = await openWindow(world.environment);
    await link(window, "file");
    await rotate(window, world.environment);
  });

  it("made here is handed over, passes the CLI, and outlives 20 refreshNotes", async () => {
    const window = await openWindow(world.environment);
    await window.signIn.run();
    const { id } = credential(window);
    const over = { id, codexHome: world.home, replace: undefined };
    await handOff({ ...window, clock: systemClock }, over);
    await assertLoggedIn(world.environment);
    await sayHi(world.environment);
    await rotate(window, world.environment);
  });

  describe("made here, that the CLI would not keep,", () => {
    const earlier = '{"auth_mode":"apikey","OPENAI_API_KEY":"sk-proj-of-the-person-0123456789"}\r\n';
    let keyring: Keyring | undefined;

    afterEach(async () => {
      await keyring?.stop();
      keyring = undefined;
    });

    /** Hands over what cannot be; afterwards all is as before, the sign-in works, and the CLI is not in its way. */
    async function assertRefused(environment: Record<string, string>, sentence: RegExp, codexPath?: string) {
      await writeFile(world.authFile, earlier, { mode: 0o640 });
      const window = await openWindow(environment, codexPath);
      await window.signIn.run();
      const before = credential(window);
      const replace = await readAuthFile(world.authFile);
      assert.ok(replace.status === "read");
      const over = { id: before.id, codexHome: world.home, replace };
      await assert.rejects(handOff({ ...window, clock: systemClock }, over), { message: sentence });
      assert.equal(await readFile(world.authFile, "utf8"), earlier);
      assert.equal((await stat(world.authFile)).mode & 0o777, 0o640);
      assert.deepEqual(credential(window), before);
      await window.refresher.refresh(before);
      assert.equal(await world.accepts(credential(window).tokens.accessToken), true);
      assert.deepEqual(world.issuer.recordsOf("reuseDetected"), []);
    }

    /** The real CLI, with one more rule from its third start on: after it was asked what it would do. */
    async function withLaterRule(rule: string): Promise<string> {
      const { command, args } = ensureCodexCli();
      const program = join(world.home, "codex-later");
      const counter = join(world.home, "starts");
      const start = `"${command}" ${args.map((arg) => `"${arg}"`).join(" ")} "$@"`;
      const script = `#!/bin/sh\necho >> "${counter}"\n[ "$(wc -l < "${counter}")" -lt 3 ] && exec ${start}\nexec ${start} -c '${rule}'\n`;
      await writeFile(program, script, { mode: 0o700 });
      return program;
    }

    for (const rule of ['forced_login_method = "api"', 'forced_chatgpt_workspace_id = "another-workspace"']) {
      it(`under ${rule}: nothing is written`, async () => {
        await writeFile(join(world.home, "config.toml"), `${rule}\n`);
        await assertRefused(world.environment, new RegExp(rule.split(" ")[0] ?? ""));
      });

      it(`under ${rule}, told only when it has the login: the earlier file comes back`, async () => {
        const program = await withLaterRule(rule.replaceAll(" ", ""));
        await assertRefused(world.environment, /did not take over/, program);
      });
    }

    it("under a config.toml with a mistake, whose rules it does not tell: nothing is written", async () => {
      await writeFile(join(world.home, "config.toml"), 'model = 5\nforced_login_method = "chatgpt"\n');
      await assertRefused(world.environment, /did not say which of its settings hold/);
    });

    it("with the store auto and a keyring: nothing is written", async () => {
      keyring = await startKeyring(join(world.home, "desktop"));
      await writeFile(join(world.home, "config.toml"), 'cli_auth_credentials_store = "auto"\n');
      await assertRefused({ ...world.environment, ...keyring.environment }, /cli_auth_credentials_store/);
    });

    it("because it has another login in the keyring: the earlier file comes back", async () => {
      keyring = await startKeyring(join(world.home, "desktop"));
      const environment = { ...world.environment, ...keyring.environment };
      const config = join(world.home, "config.toml");
      await writeFile(config, 'cli_auth_credentials_store = "keyring"\n');
      await codexLogin(environment);
      await rm(config);
      const program = await withLaterRule('cli_auth_credentials_store="auto"');
      await assertRefused(environment, /did not take over/, program);
    });

    it("but does, where another model provider is configured", async () => {
      const provider = '[model_providers.local]\nname = "Local"\nbase_url = "http://127.0.0.1:9"\n';
      await writeFile(join(world.home, "config.toml"), `model_provider = "local"\n${provider}`);
      const window = await openWindow(world.environment);
      await window.signIn.run();
      const over = { id: credential(window).id, codexHome: world.home, replace: undefined };
      await handOff({ ...window, clock: systemClock }, over);
      assert.equal(credential(window).origin, "linked");
      const { accessToken } = credential(window).tokens;
      await window.refresher.refresh(credential(window));
      assert.notEqual(credential(window).tokens.accessToken, accessToken);
    });
  });

  it("in a file, that the CLI moves into the keyring when it renews it, is followed there", async () => {
    const keyring = await startKeyring(join(world.home, "desktop"));
    try {
      const environment = { ...world.environment, ...keyring.environment };
      await codexLogin(environment);
      await writeFile(join(world.home, "config.toml"), 'cli_auth_credentials_store = "auto"\n');
      const window = await openWindow(environment);
      await link(window, "file");
      for (let round = 0; round < 2; round++) {
        const seen = credential(window);
        await window.refresher.refresh(seen);
        assert.notEqual(credential(window).tokens.accessToken, seen.tokens.accessToken);
        await assert.rejects(access(world.authFile));
        await eventually(() => assert.equal(credential(window).link?.store, "keyring"), patience);
        assert.equal(credential(window).rejected, undefined);
      }
      assert.deepEqual(world.issuer.recordsOf("reuseDetected"), []);
      await assertLoggedIn(environment);
    } finally {
      await keyring.stop();
    }
  });

  describe("in the system's keyring", () => {
    let keyring: Keyring;
    let environment: Record<string, string>;

    beforeEach(async () => {
      keyring = await startKeyring(join(world.home, "desktop"));
      environment = { ...world.environment, ...keyring.environment };
      await writeFile(join(world.home, "config.toml"), 'cli_auth_credentials_store = "keyring"\n');
    });
    afterEach(async () => keyring.stop());

    it("is linked, and outlives 20 refreshNotes", async () => {
      await codexLogin(environment);
      await assert.rejects(access(world.authFile));
      const window = await openWindow(environment);
      await link(window, "keyring");
      await rotate(window, environment);
      await assert.rejects(access(world.authFile));
    });
  });

  describe("with a CLI that", () => {
    const fake = join(import.meta.dirname, "..", "unit", "codex", "appServer", "fakeCodex.ts");
    const cases = [
      ["hangs", "hang", describeAppServerFailure("hung")],
      ["hangs when asked", "hangAfterInitialize", describeAppServerFailure("hung")],
      ["dies", "die", describeAppServerFailure("died")],
      ["is too old for the call", "methodNotFound", describeAppServerFailure("tooOld")],
      ["is too old for all of it", "usageError", describeAppServerFailure("tooOld")],
      ["prints rubbish", "rubbishAfterInitialize", describeAppServerFailure("rubbish")],
      ["is another program that says something", "rubbish", describeAppServerFailure("rubbish")],
      ["is another program that ends", "/bin/cat", describeAppServerFailure("died")],
      ["is no program", "/nowhere/codex", describeCodexNotFound("notExecutable")],
    ] as const;

    it("is bad in any way: a clear message, and nothing is lost", async () => {
      await world.signInWithCli();
      const text = await readFile(world.authFile, "utf8");
      const folder = join(world.home, "bad");
      await mkdir(folder);
      await Promise.all(
        cases.map(async ([what, behaviour, sentence]) => {
          const program = join(folder, behaviour.replaceAll("/", "-"));
          const report = `${program}.report`;
          await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${fake}" ${behaviour} "${report}" "$@"\n`, {
            mode: 0o700,
          });
          const window = await openWindow(world.environment, behaviour.startsWith("/") ? behaviour : program);
          await link(window, "file");
          const before = credential(window);
          await assert.rejects(window.refresher.refresh(before), { message: sentence }, what);
          assert.deepEqual(credential(window), before, what);
        }),
      );
      assert.equal(await readFile(world.authFile, "utf8"), text);
      const window = await openWindow(world.environment);
      await link(window, "file");
      await window.refresher.refresh(credential(window));
      assert.deepEqual(world.issuer.recordsOf("reuseDetected"), []);
    });
  });
});
