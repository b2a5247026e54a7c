import type { BearerCredential } from "../account/credentialSource.ts";
import type { Clock } from "../platform/clock.ts";
import { Emitter } from "../platform/emitter.ts";
import { describeError } from "../platform/logger.ts";
import { networkFailure } from "../platform/networkFailure.ts";
import type { Backend, Credentials } from "./backend.ts";
import { failureOfResponse, jsonOf, refreshedCredential } from "./failures.ts";
import { isUnauthorized, RequestError, withoutDoubt } from "./requestError.ts";
import { mergeUsage, type Usage, usageFromAnswer } from "./usage.ts";

const timeoutMs = 10_000;

export interface UsageMeterDependencies {
  readonly fetch: typeof fetch;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

/** What is known of the plan's use: told by the answers to requests, or read when somebody looks. Never polled. */
export class UsageMeter {
  readonly #dependencies: UsageMeterDependencies;
  readonly #changed: Emitter<Usage | undefined>;
  #usage: Usage | undefined;
  #reading: Promise<Usage> | undefined;
  /** Counts the accounts, so that an answer for the last one is not taken for this one's. */
  #generation = 0;

  constructor(needs: UsageMeterDependencies) {
    this.#dependencies = needs;
    this.#changed = new Emitter((error) => needs.log(`Usage could not be shown: ${describeError(error)}`));
  }

  get current(): Usage | undefined {
    return this.#usage;
  }

  get onDidChange(): Emitter<Usage | undefined>["event"] {
    return this.#changed.event;
  }

  /** Takes in what an answer told. */
  note(news: Usage | undefined): void {
    if (!news) return;
    this.#usage = mergeUsage(this.#usage, news);
    this.#changed.fire(this.#usage);
  }

  /** Forgets: another account, or none. */
  clear(): void {
    this.#usage = undefined;
    this.#reading = undefined;
    this.#generation += 1;
    this.#changed.fire(undefined);
  }

  /**
   * Asks the service; several who ask at once share one answer.
   * @throws Problem without a credential, RequestError when the service fails
   */
  read(backend: Backend): Promise<Usage> {
    this.#reading ??= this.#readOnce(backend, this.#generation);
    return this.#reading;
  }

  async #readOnce(backend: Backend, generation: number): Promise<Usage> {
    try {
      const usage = await this.#ask(backend);
      // Whoever asked may have what they asked for; shown is only what belongs to the account of now.
      if (generation === this.#generation) this.note(usage);
      return usage;
    } finally {
      if (generation === this.#generation) this.#reading = undefined;
    }
  }

  async #ask(backend: Backend): Promise<Usage> {
    const { credentials } = this.#dependencies;
    const credential = await credentials.get(backend.credentialKind);
    try {
      return await this.#askOnce(backend, credential);
    } catch (error) {
      if (!(error instanceof RequestError && isUnauthorized(error.failure))) throw error;
      const renewed = await refreshedCredential(credentials, credential, error);
      return this.#askOnce(backend, renewed).catch((again: unknown) => Promise.reject(withoutDoubt(again)));
    }
  }

  async #askOnce(backend: Backend, credential: BearerCredential): Promise<Usage> {
    const { clock } = this.#dependencies;
    const response = await this.#get(backend, credential);
    if (!response.ok) throw await failureOfResponse(response, backend, clock.now());
    const usage = usageFromAnswer(await jsonOf(response, backend, clock.now()));
    if (!usage) throw new RequestError({ kind: "unreadableAnswer" }, `HTTP ${response.status}`);
    return usage;
  }

  async #get(backend: Backend, credential: BearerCredential): Promise<Response> {
    if (!backend.usageUrl) throw new RequestError({ kind: "forbidden" }, "an API key has no usage windows");
    const headers = { ...backend.headers(credential), Accept: "application/json" };
    try {
      return await this.#dependencies.fetch(backend.usageUrl, {
        headers,
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (error) {
      throw new RequestError({ kind: "problem", problem: networkFailure(error) });
    }
  }
}
