import type { BearerCredential } from "../account/credentialSource.ts";
import type { Clock } from "../platform/clock.ts";
import { describeError } from "../platform/logger.ts";
import { networkFailure } from "../platform/networkFailure.ts";
import { Problem } from "../shared/problem.ts";
import type { Backend, Credentials } from "./backend.ts";
import { failureOfResponse, jsonOf, refreshedCredential } from "./failures.ts";
import { type ChatModel, parseCatalogue, parsePlatformList } from "./models.ts";
import { isUnauthorized, RequestError, withoutDoubt } from "./requestError.ts";

/** Codex keeps its list as long. */
const freshMs = 5 * 60_000;
/** Codex waits as long; a picker must not hang on a dead network. */
const timeoutMs = 5_000;

interface Kept {
  readonly models: readonly ChatModel[];
  readonly etag: string | null;
  readonly fetchedAt: number;
}

export interface CatalogueDependencies {
  readonly fetch: typeof fetch;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

/**
 * The models of whoever is signed in: asked for at most every 5 minutes (with the last list's ETag), one question at
 * a time, and the last list stands in while the service cannot be reached. Each account and each key has its own list.
 */
export class ModelCatalogue {
  readonly #dependencies: CatalogueDependencies;
  readonly #kept = new Map<string, Kept>();
  readonly #asking = new Map<string, Promise<readonly ChatModel[]>>();

  constructor(needs: CatalogueDependencies) {
    this.#dependencies = needs;
  }

  /**
   * @throws Problem when there is no credential (`notSignedIn`, `noApiKey`, `needsSignIn`), RequestError when the
   * service fails and there is no earlier list of this account.
   */
  async list(backend: Backend): Promise<readonly ChatModel[]> {
    const credential = await this.#dependencies.credentials.get(backend.credentialKind);
    const key = keyOf(backend, credential);
    const kept = this.#kept.get(key);
    if (kept && this.#dependencies.clock.now() - kept.fetchedAt < freshMs) return kept.models;
    const asking = this.#asking.get(key) ?? this.#ask(backend, credential, key, kept);
    this.#asking.set(key, asking);
    try {
      return await asking;
    } finally {
      this.#asking.delete(key);
    }
  }

  /** The next `list` asks the service, whatever the age of the last one. */
  expire(): void {
    for (const [key, kept] of this.#kept) this.#kept.set(key, { ...kept, fetchedAt: Number.NEGATIVE_INFINITY });
  }

  async #ask(backend: Backend, credential: BearerCredential, key: string, kept: Kept | undefined) {
    try {
      const fetched = await this.#fetch(backend, credential, kept);
      this.#kept.set(key, fetched);
      return fetched.models;
    } catch (error) {
      this.#dependencies.log(`Models could not be listed: ${describeError(error)}`);
      // An account that is signed out for good must not go on showing models that cannot answer.
      if (kept && !isSignedOut(error)) return kept.models;
      throw error;
    }
  }

  async #fetch(backend: Backend, credential: BearerCredential, kept: Kept | undefined): Promise<Kept> {
    try {
      return await this.#fetchOnce(backend, credential, kept);
    } catch (error) {
      if (!(error instanceof RequestError && isUnauthorized(error.failure))) throw error;
      const renewed = await refreshedCredential(this.#dependencies.credentials, credential, error);
      return this.#fetchOnce(backend, renewed, kept).catch((again: unknown) => Promise.reject(withoutDoubt(again)));
    }
  }

  async #fetchOnce(backend: Backend, credential: BearerCredential, kept: Kept | undefined): Promise<Kept> {
    const { clock } = this.#dependencies;
    const response = await this.#get(backend, credential, kept);
    if (response.status === 304 && kept) return { ...kept, fetchedAt: clock.now() };
    if (!response.ok) throw await failureOfResponse(response, backend, clock.now());
    const json = await jsonOf(response, backend, clock.now());
    const models = backend.kind === "chatgpt" ? parseCatalogue(json) : parsePlatformList(json);
    if (!models) throw new RequestError({ kind: "unreadableAnswer" }, `HTTP ${response.status}`);
    return { models, etag: response.headers.get("etag"), fetchedAt: clock.now() };
  }

  async #get(backend: Backend, credential: BearerCredential, kept: Kept | undefined): Promise<Response> {
    const headers: Record<string, string> = { ...backend.headers(credential), Accept: "application/json" };
    if (kept?.etag) headers["If-None-Match"] = kept.etag;
    try {
      return await this.#dependencies.fetch(backend.modelsUrl, {
        headers,
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (error) {
      throw new RequestError({ kind: "problem", problem: networkFailure(error) });
    }
  }
}

/** An access token changes every few days, its account does not; a key is its own account. */
function keyOf(backend: Backend, credential: BearerCredential): string {
  return `${backend.modelsUrl} ${credential.accountId ?? credential.bearer}`;
}

function isSignedOut(error: unknown): boolean {
  if (error instanceof Problem) return ["notSignedIn", "needsSignIn", "noApiKey", "keyRejected"].includes(error.code);
  return error instanceof RequestError && ["signInExpired", "apiKeyRejected"].includes(error.failure.kind);
}
