import { CachedSecrets } from "../../../src/account/cachedSecrets.ts";
import type { Credential } from "../../../src/account/credential.ts";
import type { SecretStorage } from "../../../src/account/secretStore.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import {
  type AccountWindow,
  type AccountWindowOptions,
  createAccountWindow,
  credentialFor,
} from "../../support/accountWindow.ts";
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
  let hinted: boolean | "missing" = false;
  const hint = {
    get: () => hinted,
    set: async (signedIn: boolean | "missing") => {
      hinted = signedIn;
    },
  };
  const open = (options: Partial<AccountWindowOptions> = {}): AccountWindow =>
    createAccountWindow({ secrets, directory: folder.path, clock, hint, ...options });
  return {
    issuer,
    secrets,
    clock,
    folder: folder.path,
    hint,
    open,
    /** The record of somebody who has just signed in. */
    async credential(email = "plus@example.com"): Promise<Credential> {
      return credentialFor(issuer.issuer, await signInByHttp(issuer.issuer, email), { now: clock.now() });
    },
    /** A window in which somebody has just signed in. */
    async signedIn(email = "plus@example.com", options: Partial<AccountWindowOptions> = {}): Promise<AccountWindow> {
      const window = open(options);
      await window.accounts.put(await this.credential(email), { activate: true });
      return window;
    },
    async dispose(): Promise<void> {
      await issuer.close();
      await folder.remove();
    },
  };
}
export type Fixture = Awaited<ReturnType<typeof createFixture>>;

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
  open(fixture: Fixture): AccountWindow {
    return fixture.open({ cachedSecrets: new CachedSecrets(this.load(), fixture.folder) });
  }
}
