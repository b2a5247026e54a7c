import assert from "node:assert/strict";
import fileSystem, { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import type { Credential, HeldCredential } from "../../../../src/account/credential.ts";
import { readAuthFile } from "../../../../src/codex/authFile/read.ts";
import { type Clock, systemClock } from "../../../../src/platform/clock.ts";
import { signInByHttp } from "../../../issuer/login.ts";
import { credentialFor } from "../../../support/accountFixture.ts";
import { MemorySecrets } from "../../../support/memorySecrets.ts";
import type { TestServices } from "../../../support/services.ts";
import { credentialOf, useCodexFixture } from "../fixture.ts";

/** The login that the Codex CLI had before: another person's, with an API key, formatted by hand. */
export const earlier = '{ "auth_mode":"apikey", "OPENAI_API_KEY":"sk-proj-of-the-person-0123456789" }\r\n';

/** Windows that can hand their sign-in off. Registers its own hooks in the surrounding suite. */
export function useHandOffFixture() {
  const codex = useCodexFixture();
  const { home, file, issuer } = codex;
  const { lstat } = fileSystem;

  afterEach(() => {
    Object.assign(fileSystem, { lstat });
    syncBuiltinESMExports();
  });

  const clock = clockOfCli(home);
  const openWindow = (behaviour: string, secrets = new MemorySecrets(), change: { directory?: string } = {}) =>
    codex.openWindow(behaviour, { secrets, clock, ...change });

  /** A window that is signed in. */
  async function signedIn(behaviour: string, secrets?: MemorySecrets): Promise<TestServices> {
    const window = await openWindow(behaviour, secrets);
    const tokens = await signInByHttp(issuer().origin, "plus@example.com");
    await window.accounts.storeSignIn(credentialFor(issuer().origin, tokens));
    return window;
  }

  /** Hands the sign-in of a window off, over whatever login the Codex CLI has. */
  async function over(window: TestServices): Promise<string | undefined> {
    const read = await readAuthFile(file());
    const replace = read.status === "read" ? read : undefined;
    return window.codex.handOff({ id: credentialOf(window).id, codexHome: home(), replace });
  }

  const backups = async () => (await readdir(home())).filter((name) => name.startsWith("auth.json.backup"));

  async function writeEarlier(): Promise<void> {
    await writeFile(file(), earlier);
    await chmod(file(), 0o640);
  }

  async function assertEarlier(): Promise<void> {
    assert.equal(await readFile(file(), "utf8"), earlier);
    assert.equal((await stat(file())).mode & 0o777, 0o640);
    assert.deepEqual(await backups(), []);
  }

  /** The sign-in is as it was, and works: it is refreshed. */
  async function assertOurs(window: TestServices, before: Credential): Promise<void> {
    assert.deepEqual(credentialOf(window), before);
    const reuse = issuer().recordsOf("reuseDetected").length;
    await window.refresher.refresh(before);
    assert.equal(credentialOf(window).origin, "own");
    assert.equal(issuer().recordsOf("reuseDetected").length, reuse);
  }

  /** Whether the issuer still takes a refresh token. */
  const isLive = (token: string) =>
    issuer()
      .secrets()
      .some(({ kind, value }) => kind === "refresh_token" && value === token);

  return { ...codex, clock, openWindow, signedIn, over, backups, writeEarlier, assertEarlier, assertOurs, isLive };
}

/** The Codex CLI's time is up, and that for saving what it may still save, when it has done what it does. */
function clockOfCli(home: () => string): Clock {
  return {
    now: () => systemClock.now(),
    elapsed: systemClock.elapsed,
    after(ms, callback) {
      if (ms !== 8_000 && ms !== 20_000) return systemClock.after(ms, callback);
      let disposed = false;
      const look = async () => {
        const isDone = (await readFile(join(home(), "statuses"), "utf8").catch(() => "")).endsWith("done\n");
        if (!disposed) next = systemClock.after(50, isDone ? callback : () => void look());
      };
      let next = systemClock.after(200, () => void look());
      return {
        dispose() {
          disposed = true;
          next.dispose();
        },
      };
    },
  };
}

/** The record of the active account, whose login is not the Codex CLI's. */
export function heldOf(window: TestServices): HeldCredential {
  const credential = credentialOf(window);
  assert.ok(credential.origin !== "linked");
  return credential;
}

/** The content of an auth.json with the tokens of a record. */
export function loginOf({ tokens }: HeldCredential, change: object = {}): string {
  return JSON.stringify({
    auth_mode: "chatgpt",
    tokens: {
      id_token: tokens.idToken,
      access_token: tokens.accessToken,
      refresh_token: tokens.refreshToken,
      ...change,
    },
  });
}

/** The access token of a record, as if it had been issued so many seconds later. */
export function issuedLater({ tokens }: HeldCredential, seconds: number): string {
  const [header, payload = "", signature] = tokens.accessToken.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const changed = Buffer.from(JSON.stringify({ ...claims, iat: claims.iat + seconds })).toString("base64url");
  return [header, changed, signature].join(".");
}

/** Secrets that can be looked at before and after each change, and refuse some. */
export class FailingSecrets extends MemorySecrets {
  around: () => Promise<void> = async () => undefined;
  /** What the next read of a record answers. */
  older: string | undefined;
  before: (value: string) => Promise<void> = async () => undefined;
  refuses: (value: string) => boolean = () => false;
  after: (value: string) => Promise<void> = async () => undefined;

  override async get(key: string): Promise<string | undefined> {
    const value = await super.get(key);
    if (this.older === undefined || !value?.includes('"origin"')) return value;
    const { older } = this;
    this.older = undefined;
    return older;
  }

  override async store(key: string, value: string): Promise<void> {
    await this.around();
    await this.before(value);
    if (this.refuses(value)) throw new Error("the keyring is locked");
    await super.store(key, value);
    await this.after(value);
    await this.around();
  }
}
