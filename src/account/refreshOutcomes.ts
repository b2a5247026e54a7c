import { type Claims, readClaims } from "../oauth/claims.ts";
import { clockOffset, clockOffsetOfLogin, mayBeOld } from "../oauth/clockOffset.ts";
import { RefreshRejected } from "../oauth/tokenEndpoint.ts";
import { backoff } from "../platform/backoff.ts";
import type { Clock } from "../platform/clock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { Problem } from "../shared/problem.ts";
import type { Accounts } from "./accounts.ts";
import type { Credential, LoginTokens } from "./credential.ts";
import type { LeftTokens } from "./leftTokens.ts";
import { mergeTokens } from "./mergeTokens.ts";
import { isOfSignIn, RefreshedStore } from "./refreshedStore.ts";
import { fingerprintOf, type RefreshNotes } from "./refreshNotes.ts";
import type { SignOut } from "./signOut.ts";
import type { Entry } from "./state.ts";
import type { RefreshedTokens } from "./tokenRefresher.ts";

export interface RefreshOutcomesDependencies {
  accounts: Accounts;
  /** Revokes a token of a sign-in that has ended, and remembers it if that fails. Never rejects. */
  discard: SignOut["discard"];
  leftTokens: Pick<LeftTokens, "note">;
  refreshNotes: RefreshNotes;
  clock: Clock;
  log: Logger;
}

/** Waits between tries to find out whether somebody has signed out, ms. */
const retriesMs = [1_000, 10_000, 60_000, 300_000];
const mostRetries = 12;

/** Called as soon as a refreshed entry is stored, before the refresh has quite ended. */
export type OnStored = (entry: Entry) => void;

/** Makes of an answer what follows from it: what is stored, what is noted, and what callers get. */
export class RefreshOutcomes {
  readonly #dependencies: RefreshOutcomesDependencies;
  readonly #store: RefreshedStore;
  /** Tokens that are being revoked. */
  readonly #discarding = new Set<Promise<boolean>>();

  constructor(dependencies: RefreshOutcomesDependencies) {
    this.#dependencies = dependencies;
    this.#store = new RefreshedStore({
      ...dependencies,
      onLate: (credential) => void this.#noteNewest(credential).then(() => this.#dropIfSignedOut(credential)),
      onEnded: async (credential) => void (await this.#end(credential)),
      onReplaced: (credential) => this.#noteReplaced(credential),
    });
  }

  /** Tries again to store what could not be stored; for a shutdown. */
  async saveAll(): Promise<void> {
    await this.#store.saveAll();
    await Promise.all(this.#discarding);
  }

  /**
   * Stores what a refresh brought.
   * @throws Problem `accountMismatch`, `notSignedIn`, or why the access token was not refreshed
   */
  async keep<C extends Credential>(credential: C, refreshed: RefreshedTokens<C>, onStored: OnStored): Promise<Entry> {
    const { accounts } = this.#dependencies;
    const tokens = usableTokens(credential, refreshed.tokens);
    const merged = mergeTokens<C["tokens"]>(credential.tokens, tokens);
    if (merged === undefined) throw await this.#otherAccount(credential, tokens.refreshToken);
    const failure = refreshed.failure ?? whyNotNew(credential, tokens);
    const brought: C = { ...credential, tokens: merged.tokens, sequence: credential.sequence + 1 };
    if (failure && brought.tokens.refreshToken === credential.tokens.refreshToken)
      throw this.#unused(credential, failure);
    const current = accounts.entry(credential.id);
    if (current && !isOfSignIn(brought, credential, current.credential)) {
      await this.#noteReplaced(brought);
      return current;
    }
    const next: C = { ...brought, signedInAt: (current?.credential ?? credential).signedInAt };
    const times = failure ? {} : this.#times(credential, refreshed, merged.claims);
    await this.#store.save({ ...next, ...times }, credential);
    const stored = accounts.entry(next.id);
    if (stored && !failure) onStored(stored);
    if (!stored) return this.#abandon(next);
    await this.#noteNewest(next);
    this.#dropIfSignedOut(next);
    if (failure) throw failure;
    return stored;
  }

  /** What callers get from a refresh that failed; that the login has ended is stored. */
  async failed(credential: Credential, error: unknown): Promise<unknown> {
    if (!this.#dependencies.accounts.entry(credential.id)) await this.#forget(credential);
    if (!(error instanceof RefreshRejected)) return error;
    this.#dependencies.log.warn(`The refresh token was rejected: ${error.detail}`);
    await this.#store.save({ ...credential, rejected: error.reason }, credential);
    return new Problem("needsSignIn", error.reason);
  }

  #times<C extends Credential>(credential: C, { askedAt, date }: RefreshedTokens<C>, { issuedAt, expiresAt }: Claims) {
    const { clock } = this.#dependencies;
    const now = clock.now();
    const offset =
      credential.origin === "linked"
        ? clockOffsetOfLogin(now, issuedAt)
        : mayBeOld(clock, askedAt)
          ? undefined
          : clockOffset(clock, date, issuedAt, expiresAt);
    return { lastRefreshAt: now, receivedAt: now, clockOffset: offset ?? credential.clockOffset };
  }

  /** The refresh token is still good. */
  #unused(credential: Credential, failure: Problem): Problem {
    this.#dropIfSignedOut(credential);
    return failure;
  }

  /** The answer was for another account, so it is not used. */
  async #otherAccount(credential: Credential, refreshToken: string | undefined): Promise<Problem> {
    // The CLI is signed in as somebody else, and may change back: its own login was not refused.
    if (credential.origin === "linked") await this.#store.save({ ...credential, rejected: "revoked" }, credential);
    // Where the answer had a refresh token, ours is used up.
    else if (refreshToken) await this.#store.save({ ...credential, rejected: "rejected" }, credential);
    return new Problem("accountMismatch");
  }

  /** A sign-out may have come while the tokens were stored. Where that cannot be read, it is tried again later. */
  #dropIfSignedOut(credential: Credential, failures = 0): void {
    const { accounts, clock, log } = this.#dependencies;
    accounts
      .dropIfSignedOut(credential, () => this.#end(credential))
      .catch((error: unknown) => {
        log.info(`After a refresh: ${describeError(error)}`);
        if (failures >= mostRetries) return;
        clock.after(backoff(retriesMs, failures + 1), () => this.#dropIfSignedOut(credential, failures + 1));
      });
  }

  /** Signed out meanwhile: the new tokens must not stay valid at the issuer. */
  async #abandon(credential: Credential): Promise<never> {
    await this.#end(credential);
    throw new Problem("notSignedIn");
  }

  /**
   * Leaves nothing of a sign-in that has ended: what was noted of it came after its notes were removed.
   * @returns whether nothing of it is to be revoked any more
   */
  async #end(credential: Credential): Promise<boolean> {
    await this.#forget(credential);
    return this.#revoke(credential);
  }

  async #forget(credential: Credential): Promise<void> {
    const { refreshNotes, log } = this.#dependencies;
    await refreshNotes
      .remove(credential)
      .catch((error: unknown) => log.warn(`The note of a refresh could not be removed: ${describeError(error)}`));
  }

  async #revoke({ id, origin, issuer, tokens }: Credential): Promise<boolean> {
    if (origin !== "own") return true;
    const discarding = this.#dependencies.discard(id, { issuer, refreshToken: tokens.refreshToken });
    this.#discarding.add(discarding);
    return discarding.finally(() => this.#discarding.delete(discarding));
  }

  /** Somebody has signed in again meanwhile: these tokens are revoked with the account's sign-out. */
  async #noteReplaced({ id, origin, issuer, tokens }: Credential): Promise<void> {
    if (origin !== "own") return;
    await this.#dependencies.leftTokens.note(id, { added: [{ issuer, refreshToken: tokens.refreshToken }] });
  }

  /** Notes beside the secrets which tokens are the newest. */
  async #noteNewest(credential: Credential): Promise<void> {
    if (credential.origin === "linked") return;
    const { refreshNotes, clock, log } = this.#dependencies;
    const { sequence, tokens } = credential;
    await refreshNotes
      .write(credential, { sequence, hash: fingerprintOf(tokens.refreshToken), at: clock.now() })
      .catch((error: unknown) => log.warn(`A refresh could not be noted: ${describeError(error)}`));
  }
}

/**
 * The tokens of an answer without an access token that names nobody, where the one before named somebody: it is not known
 * whose it is. What else came is kept.
 */
function usableTokens<C extends Credential>({ origin, tokens }: C, answered: Partial<C["tokens"]>) {
  const { accessToken, ...rest } = answered;
  if (origin === "linked" || accessToken === undefined) return answered;
  return namesNobody(accessToken) && !namesNobody(tokens.accessToken) ? (rest as Partial<C["tokens"]>) : answered;
}

function namesNobody(accessToken: string): boolean {
  const { userId, workspaceId } = readClaims(accessToken) ?? {};
  return userId === undefined && workspaceId === undefined;
}

/** An answer with the same access token did not refresh it. */
function whyNotNew(credential: Credential, { accessToken }: Partial<LoginTokens>): Problem | undefined {
  if (accessToken !== undefined && accessToken !== credential.tokens.accessToken) return undefined;
  return new Problem(credential.origin === "linked" ? "linkedNotRefreshed" : "serviceFailed", "the same access token");
}
