import type { SignInRef } from "../../../src/account/accountIndex.ts";
import { Accounts } from "../../../src/account/accounts.ts";
import type { HeldCredential } from "../../../src/account/credential.ts";
import { LeftTokens } from "../../../src/account/leftTokens.ts";
import type { SecretLimits } from "../../../src/account/limitSecrets.ts";
import type { RefreshNote } from "../../../src/account/refreshNotes.ts";
import { ReplacedTokens } from "../../../src/account/replacedTokens.ts";
import type { SecretStorage } from "../../../src/account/secretStorage.ts";
import { SecretStore } from "../../../src/account/secretStore.ts";
import type { SignInNotes } from "../../../src/account/signInNotes.ts";
import { SignOut } from "../../../src/account/signOut.ts";
import { type Clock, systemClock } from "../../../src/platform/clock.ts";
import type { Lock } from "../../../src/platform/lock.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { TaskQueue } from "../../../src/platform/taskQueue.ts";
import { Problem } from "../../../src/shared/problem.ts";
import { memoryHint, signOutOf } from "../../support/accountFixture.ts";

/** A lock that all windows of a test share, or that nobody gets. */
export function memoryLock(canBeHad = true): Lock {
  const queues = new Map<string, TaskQueue>();
  return {
    hold(name, work) {
      if (!canBeHad) return Promise.reject(new Problem("busyElsewhere"));
      const queue = queues.get(name) ?? new TaskQueue();
      queues.set(name, queue);
      return queue.run(work);
    },
  };
}

/** Notes of refreshes in memory. */
export function memoryNotes() {
  const notes = new Map<string, RefreshNote>();
  const keyOf = ({ id, signedInAt }: { id: string; signedInAt: number }) => `${id} ${signedInAt}`;
  return {
    read: async (owner: { id: string; signedInAt: number }) => notes.get(keyOf(owner)),
    write: async (owner: { id: string; signedInAt: number }, note: Omit<RefreshNote, "account">) =>
      void notes.set(keyOf(owner), { account: owner.id, ...note }),
  };
}

/** Notes of sign-ins that are being stored, in memory. */
export function memorySignInNotes() {
  const notes = new Map<string, SignInRef>();
  const keyOf = ({ id, signedInAt }: SignInRef) => `${id} ${signedInAt}`;
  return {
    add: async ({ id, signedInAt }: SignInRef) => void notes.set(keyOf({ id, signedInAt }), { id, signedInAt }),
    remove: async (signIn: SignInRef) => void notes.delete(keyOf(signIn)),
    list: async () => [...notes.values()],
  };
}

export interface WindowOptions {
  lock?: Lock;
  hint?: ReturnType<typeof memoryHint>;
  refreshNotes?: ReturnType<typeof memoryNotes>;
  signInNotes?: SignInNotes;
  clock?: Pick<Clock, "now">;
  limits?: SecretLimits;
}

/** The accounts as one window has them, over secrets that windows share. */
export function openAccounts(secrets: SecretStorage, options: WindowOptions = {}) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = createLogger(() => ({ debug: write, info: write, warn: write, error: write }));
  const { lock = memoryLock(), hint = memoryHint(), refreshNotes = memoryNotes(), limits } = options;
  const { signInNotes = memorySignInNotes(), clock = systemClock } = options;
  const replacedTokens = new ReplacedTokens(secrets, log, limits);
  const store = new SecretStore(secrets, limits);
  const accounts = new Accounts({ store, lock, hint, refreshNotes, signInNotes, replacedTokens, clock, log });
  const leftTokens = new LeftTokens({ ended: accounts.ended, replacedTokens, lock, clock: systemClock, log });
  const signOut = new SignOut({
    ...{ accounts, leftTokens, lock, clock: systemClock, log },
    revoke: async () => {},
    refreshNotes: { ...refreshNotes, removeUpTo: async () => {} },
  });
  return Object.assign(accounts, { lines, hint, signOutAccount: (id: string) => signOutOf(signOut, id) });
}

/** The id of a test's account. */
export const idOf = (name: string) => Buffer.from(name.padEnd(8, "_")).toString("hex").slice(0, 16);

/** A record of a sign-in whose tokens name nobody. */
export function recordOf(name: string, signedInAt = 1_000, sequence = 0): HeldCredential {
  const token = `${name}-${signedInAt}-${sequence}`;
  return {
    version: 2,
    id: idOf(name),
    origin: "own",
    issuer: "https://issuer.example",
    tokens: { idToken: `id-${token}`, accessToken: `access-${token}`, refreshToken: `refresh-${token}` },
    sequence,
    signedInAt,
    receivedAt: signedInAt,
    clockOffset: 0,
    derivedKey: { status: "absent", why: "pending" },
  };
}
