import assert from "node:assert/strict";
import type { Credential, HeldCredential } from "../../../src/account/credential.ts";
import type { SecretStorage } from "../../../src/account/secretStorage.ts";
import { isProblem, type ProblemCode } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import {
  type AccountFixture,
  type AccountFixtureOptions,
  createAccountFixture,
  credentialFor,
  memoryHint,
} from "../../support/accountFixture.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemorySecrets, type MemorySecretsOptions } from "../../support/memorySecrets.ts";

export const minute = 60_000;
export const day = 24 * 60 * minute;
/** How long an access token lives. */
export const lifetime = 10 * day;

/** An issuer and a person with secrets, a shared folder and a clock, whose windows a test opens. */
export async function createFixture(options?: MemorySecretsOptions) {
  const issuer = await startIssuer();
  const folder = temporaryDirectory();
  const secrets = new MemorySecrets(options);
  const clock = new ManualClock();
  const hint = memoryHint();
  const open = (options: Partial<AccountFixtureOptions> = {}): AccountFixture =>
    createAccountFixture({ secrets, directory: folder.path, clock, hint, ...options });
  return {
    issuer,
    secrets,
    clock,
    folder: folder.path,
    hint,
    open,
    /** A window that starts now and has read what is stored. */
    async openLoaded(options: Partial<AccountFixtureOptions> = {}): Promise<AccountFixture> {
      const window = open(options);
      await window.accounts.load();
      return window;
    },
    /** The record of somebody who has just signed in. */
    async credential(email = "plus@example.com"): Promise<HeldCredential> {
      return credentialFor(issuer.issuer, await signInByHttp(issuer.issuer, email), { now: clock.now() });
    },
    /** A window in which somebody has just signed in. */
    async signedIn(email = "plus@example.com", options: Partial<AccountFixtureOptions> = {}): Promise<AccountFixture> {
      const window = open(options);
      await window.accounts.storeSignIn(await this.credential(email));
      return window;
    },
    async dispose(): Promise<void> {
      await issuer.close();
      await folder.remove();
    },
  };
}
export type Fixture = Awaited<ReturnType<typeof createFixture>>;

/** For `assert.rejects` and `assert.throws`: whether an error is a problem with this code. */
export const is = (code: ProblemCode) => (error: unknown) => isProblem(error, code) || assert.fail(String(error));

/** For `MemorySecrets.script`: the same answer to every call of a test. */
export const always = <T>(value: T): T[] => Array.from({ length: 300 }, () => value);

/** The record that a window has of an account, or of the active one. */
export function credentialOf({ accounts }: AccountFixture, id?: string): Credential {
  const entry = accounts.entry(id);
  assert.ok(entry);
  return entry.credential;
}

/** Who is signed in, as a window has it, in alphabetical order. */
export function emailsOf({ accounts }: AccountFixture): (string | undefined)[] {
  return accounts.state.accounts.map(({ email }) => email).sort();
}

/** A browser's secrets, of which each window has the copy that its page was loaded with, and stores all it has. */
export class BrowserSecrets {
  #stored = new Map<string, string>();

  /** What a window sees that is loaded now. */
  load(): SecretStorage {
    const copy = new Map(this.#stored);
    const save = () => {
      this.#stored = new Map(copy);
    };
    return {
      get: async (key) => copy.get(key),
      store: async (key, value) => {
        copy.set(key, value);
        save();
      },
      delete: async (key) => {
        copy.delete(key);
        save();
      },
      onDidChange: () => ({ dispose() {} }),
    };
  }

  /** Opens a window on them. */
  open(fixture: Fixture): AccountFixture {
    return fixture.open({ secrets: this.load(), secretsAreCached: true });
  }
}
