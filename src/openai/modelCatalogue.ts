import type { BearerCredential } from "../account/credentialSource.ts";
import { ageOf, type Moment, momentBy } from "../platform/clock.ts";
import { isHeaderValue } from "../platform/headerValue.ts";
import { describeError } from "../platform/logger.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import { authorizedCall } from "./authorizedCall.ts";
import type { Backend, Credentials } from "./backend.ts";
import { parseCatalogue } from "./chatgptModels.ts";
import { Refusal } from "./failures.ts";
import { getJson, type JsonSender } from "./jsonCall.ts";
import type { ChatModel } from "./model.ts";
import { parsePlatformList } from "./platformModels.ts";

/** Codex keeps its list as long. */
const freshMs = 5 * 60_000;
/** Codex waits as long; a picker must not hang on a dead network. */
const timeoutMs = 5_000;
/** Each entry of ChatGPT's list has its model's instructions, tens of kilobytes that nothing here reads. */
const maxBytes = 8 * 1024 * 1024;

interface Kept {
  /** Our own name of the account that the list is of; an own key is of none. */
  readonly account: string | undefined;
  readonly models: readonly ChatModel[];
  readonly etag: string | undefined;
  readonly fetchedAt: Moment;
}

export interface CatalogueDependencies extends JsonSender {
  readonly credentials: Credentials;
  readonly log: (line: string) => void;
}

/**
 * The models of whoever is signed in. The service is asked at most every 5 minutes (with the last list's ETag), by one
 * request at a time, and while it cannot be reached the last list is used. Each account and each key has its own list.
 */
export class ModelCatalogue {
  readonly #dependencies: CatalogueDependencies;
  readonly #kept = new Map<string, Kept>();
  readonly #asking = new Map<string, Promise<readonly ChatModel[]>>();
  /** The accounts that are signed in, once that is known. */
  #signedIn: ReadonlySet<string> | undefined;

  constructor(dependencies: CatalogueDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * @throws Problem when there is no credential (`notSignedIn`, `noApiKey`, `needsSignIn`), and when the service fails
   * and there is no earlier list of this account.
   */
  async list(backend: Backend): Promise<readonly ChatModel[]> {
    const credential = await this.#dependencies.credentials.get(backend.credentialKind);
    const key = keyOf(backend, credential);
    const kept = this.#kept.get(key);
    if (kept && ageOf(kept.fetchedAt, this.#dependencies.clock) < freshMs) return kept.models;
    const asking = this.#asking.get(key) ?? this.#ask(backend, credential, key, kept);
    this.#asking.set(key, asking);
    try {
      return await asking;
    } finally {
      this.#asking.delete(key);
    }
  }

  /** Forgets the lists of accounts that are not signed in any more. @param ids the accounts that are */
  keepOnly(ids: readonly string[]): void {
    this.#signedIn = new Set(ids);
    for (const [key, { account }] of this.#kept) {
      if (this.#isGone(account)) this.#kept.delete(key);
    }
  }

  #isGone(account: string | undefined): boolean {
    return account !== undefined && this.#signedIn?.has(account) === false;
  }

  async #ask(backend: Backend, credential: BearerCredential, key: string, kept: Kept | undefined) {
    try {
      const fetched = await authorizedCall(this.#dependencies.credentials, credential, (current) =>
        this.#fetch(backend, current, kept),
      );
      if (!this.#isGone(fetched.account)) this.#kept.set(key, fetched);
      return fetched.models;
    } catch (error) {
      this.#dependencies.log(`Models could not be listed: ${describeError(error)}`);
      // An account that is signed out for good must not go on showing models that cannot answer.
      if (kept && !isSignedOut(error)) return kept.models;
      throw error;
    }
  }

  async #fetch(backend: Backend, credential: BearerCredential, kept: Kept | undefined): Promise<Kept | Refusal> {
    const request = { backend, credential, url: backend.modelsUrl, timeoutMs, maxBytes, etag: kept?.etag };
    const response = await getJson(this.#dependencies, request);
    if (response instanceof Refusal) return response;
    const fetchedAt = momentBy(this.#dependencies.clock);
    if (response.status === 304 && kept) return { ...kept, fetchedAt };
    const { json, headers, status } = response;
    const models = backend.kind === "chatgpt" ? parseCatalogue(json) : parsePlatformList(json);
    if (!models) throw new Problem("unreadableAnswer", `HTTP ${status}`);
    return { account: credential.account, models, etag: etagIn(headers), fetchedAt };
  }
}

/** It is sent back, so it has to be one that can be (RFC 9110 section 8.8.3). */
function etagIn({ etag }: Readonly<Record<string, string>>): string | undefined {
  return etag !== undefined && etag.length <= 256 && isHeaderValue(etag) ? etag : undefined;
}

/** An access token changes every few days, its account does not; a key is its own account. */
function keyOf(backend: Backend, credential: BearerCredential): string {
  return `${backend.modelsUrl} ${credential.account ?? credential.workspaceId ?? credential.bearer}`;
}

function isSignedOut(error: unknown): boolean {
  return isProblem(error, "notSignedIn", "needsSignIn", "noApiKey", "keyRejected");
}
