import type { AuthMode } from "../panelProtocol.ts";
import type { Clock } from "../platform/clock.ts";
import { isProblem, Problem } from "../platform/problem.ts";
import type { Accounts } from "./accounts.ts";
import { refreshDueAt } from "./freshness.ts";
import type { OwnKeyStore } from "./ownKey.ts";
import type { Refresher } from "./refresher.ts";
import type { Entry } from "./state.ts";

export type CredentialKind = "chatgpt" | "apiKey";

/** What a request is made with. */
export interface BearerCredential {
  readonly bearer: string;
  /** The ChatGPT workspace, for an access token. */
  readonly accountId?: string;
  readonly fedramp?: boolean;
}

export interface CredentialSourceParts {
  accounts: Accounts;
  ownKey: OwnKeyStore;
  refresher: Refresher;
  authMode: () => AuthMode;
  clock: Clock;
}

interface Cached {
  credential: BearerCredential;
  /** Milliseconds since 1970. */
  freshUntil: number;
}

/** Waits after refreshes that failed for the moment, ms; the last one is repeated. */
const backoffMs = [5_000, 15_000, 60_000, 300_000];

/** The one place to ask for a credential. A fresh one is answered from memory. */
export class CredentialSource {
  readonly #parts: CredentialSourceParts;
  #cache: { [K in CredentialKind]?: Cached } = {};
  readonly #setbacks = new Map<string, { count: number; until: number; problem: unknown }>();

  constructor(parts: CredentialSourceParts) {
    this.#parts = parts;
    parts.accounts.onDidChange(() => this.forget());
    parts.ownKey.onDidChange(() => this.forget());
  }

  /** To be called when the auth mode changes. */
  forget(): void {
    this.#cache = {};
  }

  /**
   * A fresh ChatGPT access token of the active account, or the API key of the auth mode.
   * @throws Problem
   */
  async get(kind: CredentialKind): Promise<BearerCredential> {
    const cached = this.#cache[kind];
    if (cached !== undefined && this.#parts.clock.now() < cached.freshUntil) return cached.credential;
    return kind === "chatgpt" ? this.accessToken() : this.#apiKey();
  }

  /**
   * A fresh access token of an account, the active one unless told.
   * @throws Problem
   */
  async accessToken(id?: string): Promise<BearerCredential> {
    await this.#parts.accounts.load();
    const entry = this.#parts.accounts.entry(id);
    if (!entry) throw new Problem("notSignedIn");
    const fresh = await this.#freshen(entry);
    const credential = bearerOf(fresh);
    if (fresh.account.id === this.#parts.accounts.state.active?.id) {
      this.#cache.chatgpt = { credential, freshUntil: refreshDueAt(fresh) };
    }
    return credential;
  }

  /**
   * To be called when the API refused a credential (401): reads again what is stored, and renews it once if that is
   * what was refused.
   * @throws Problem `needsSignIn` and others; for an API key `noApiKey` or `keyRejected`
   */
  async rejected(refused: BearerCredential): Promise<BearerCredential> {
    this.forget();
    const { accounts, refresher } = this.#parts;
    const entry = accounts.state.accounts
      .map(({ id }) => accounts.entry(id))
      .find((candidate) => candidate?.credential.tokens.accessToken === refused.bearer);
    if (entry) {
      const current = await accounts.reread(entry.account.id);
      if (!current) throw new Problem("notSignedIn");
      if (current.credential.tokens.accessToken !== refused.bearer) return bearerOf(current);
      return bearerOf(await refresher.refresh(current.credential));
    }
    await this.#parts.ownKey.reload();
    const current = await this.get(refused.accountId === undefined ? "apiKey" : "chatgpt");
    if (current.bearer === refused.bearer) throw new Problem("keyRejected");
    return current;
  }

  async #apiKey(): Promise<BearerCredential> {
    const { accounts, ownKey, authMode } = this.#parts;
    let bearer: string | undefined;
    if (authMode() === "apiKey") {
      await ownKey.load();
      bearer = ownKey.current?.key;
    } else {
      await accounts.load();
      const derived = accounts.entry()?.credential.derivedKey;
      bearer = derived?.status === "present" ? derived.key : undefined;
    }
    if (bearer === undefined) throw new Problem("noApiKey");
    const credential = { bearer };
    this.#cache.apiKey = { credential, freshUntil: Number.POSITIVE_INFINITY };
    return credential;
  }

  async #freshen(entry: Entry): Promise<Entry> {
    const { clock, refresher } = this.#parts;
    const { id, rejected, accessTokenExpiresAt } = entry.account;
    if (rejected) throw new Problem("needsSignIn", rejected);
    const now = clock.now();
    if (now < refreshDueAt(entry)) return entry;
    const usable = accessTokenExpiresAt === undefined || now < accessTokenExpiresAt;
    const setback = this.#setbacks.get(id);
    if (setback && now < setback.until) {
      if (usable) return entry;
      throw setback.problem;
    }
    try {
      const renewed = await refresher.refresh(entry.credential);
      this.#setbacks.delete(id);
      return renewed;
    } catch (problem) {
      if (isProblem(problem, "needsSignIn", "notSignedIn")) throw problem;
      const count = setback && setback.until > now - 600_000 ? setback.count + 1 : 0;
      const wait = backoffMs[Math.min(count, backoffMs.length - 1)] ?? 0;
      this.#setbacks.set(id, { count, until: clock.now() + wait, problem });
      if (usable) return entry;
      throw problem;
    }
  }
}

function bearerOf({ credential, account }: Entry): BearerCredential {
  return {
    bearer: credential.tokens.accessToken,
    ...(account.accountId !== undefined && { accountId: account.accountId }),
    ...(account.fedramp && { fedramp: true }),
  };
}
