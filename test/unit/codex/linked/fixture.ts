import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CodexLink } from "../../../../src/account/credential.ts";
import { credentialOf, readLoginOf } from "../../../../src/codex/login.ts";
import { type Clock, systemClock } from "../../../../src/platform/clock.ts";
import { type IssuedTokens, signInByHttp } from "../../../issuer/login.ts";
import type { TestServices } from "../../../support/services.ts";
import { useCodexFixture } from "../fixture.ts";

/** Gives up a Codex CLI that hangs sooner, though not before it has had the question. */
export const hastyClock: Clock = {
  now: () => systemClock.now(),
  elapsed: systemClock.elapsed,
  after(ms, callback) {
    const times = new Map([
      [8_000, 2_000],
      [20_000, 500],
    ]);
    return systemClock.after(times.get(ms) ?? ms, callback);
  },
};

/** A window that follows a login of the Codex CLI. Registers its own hooks in the surrounding suite. */
export function useLinkedFixture() {
  const codex = useCodexFixture();
  const { home, file, issuer } = codex;

  const signInAsCli = (email = "plus@example.com") => signInByHttp(issuer().origin, email);

  const write = (tokens: IssuedTokens, path = file()) =>
    writeFile(
      path,
      JSON.stringify(
        { auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens, last_refresh: new Date().toISOString() },
        null,
        2,
      ),
      { mode: 0o600 },
    );

  let services: TestServices;

  const current = (window = services) => {
    const entry = window.accounts.entry();
    assert.ok(entry);
    return entry;
  };

  const linkedNow = () => {
    const { credential } = current();
    assert.ok(credential.origin === "linked");
    return credential;
  };

  /** Signs in as the Codex CLI would and links its login. */
  async function link(behaviour: string, change: Partial<CodexLink> = {}): Promise<IssuedTokens> {
    const tokens = await signInAsCli();
    await write(tokens, change.store === "keyring" ? join(home(), "keyring.json") : file());
    if (change.store === "keyring") {
      await writeFile(join(home(), "config.toml"), 'cli_auth_credentials_store = "keyring"\n');
    }
    services = await codex.openWindow(behaviour);
    const login = await readLoginOf(services.codex.cli);
    assert.ok(login.link);
    const linked = { ...login.link, refreshHere: false, ...change };
    const credential = credentialOf(login.file, linked, issuer().origin, Date.now());
    await services.accounts.storeSignIn(credential);
    return tokens;
  }

  return {
    ...codex,
    /** The window that `link` has opened. */
    get services() {
      return services;
    },
    set services(window) {
      services = window;
    },
    signInAsCli,
    write,
    inFile: async () => (await codex.tokensInFile()) as IssuedTokens,
    /** How often the Codex CLI was asked to refresh. */
    asked: async () => (await readFile(join(home(), "asked"), "utf8").catch(() => "")).split("\n").length - 1,
    current,
    linkedNow,
    refresh: (window = services) => window.refresher.refresh(current(window).credential),
    link,
  };
}
