import type { BearerCredential } from "../account/credentialSource.ts";
import { Emitter } from "../platform/emitter.ts";
import { describeError } from "../platform/logger.ts";
import { Problem } from "../shared/problem.ts";
import { authorizedCall } from "./authorizedCall.ts";
import type { Backend, Credentials } from "./backend.ts";
import { Refusal } from "./failures.ts";
import { getJson, type JsonSender } from "./jsonCall.ts";
import { mergeUsage, type Usage, usageFromAnswer } from "./usage.ts";

const timeoutMs = 10_000;

export interface UsageMeterDependencies extends JsonSender {
  readonly credentials: Credentials;
  readonly log: (line: string) => void;
}

/** What is known of the plan's use: from the answers to requests, or read when somebody looks. Never polled. */
export class UsageMeter {
  readonly #dependencies: UsageMeterDependencies;
  readonly #changed: Emitter<Usage | undefined>;
  #usage: Usage | undefined;
  #reading: Promise<Usage> | undefined;
  /** Counts the accounts, so that an answer for the last one is not taken for this one's. */
  #generation = 0;

  constructor(dependencies: UsageMeterDependencies) {
    this.#dependencies = dependencies;
    this.#changed = new Emitter((error) => dependencies.log(`Usage could not be shown: ${describeError(error)}`));
  }

  get current(): Usage | undefined {
    return this.#usage;
  }

  get onDidChange(): Emitter<Usage | undefined>["event"] {
    return this.#changed.event;
  }

  /** Takes in what an answer said, if it said anything. */
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
   * @throws Problem without a credential, and when the service fails
   */
  read(backend: Backend): Promise<Usage> {
    this.#reading ??= this.#readOnce(backend, this.#generation);
    return this.#reading;
  }

  async #readOnce(backend: Backend, generation: number): Promise<Usage> {
    const { credentials } = this.#dependencies;
    try {
      const usage = await authorizedCall(credentials, credentials.get(backend.credentialKind), (credential) =>
        this.#ask(backend, credential),
      );
      // Whoever asked may have the answer; shown is only what belongs to the account of now.
      if (generation === this.#generation) this.note(usage);
      return usage;
    } finally {
      if (generation === this.#generation) this.#reading = undefined;
    }
  }

  async #ask(backend: Backend, credential: BearerCredential): Promise<Usage | Refusal> {
    const { usageUrl: url } = backend;
    if (url === undefined) throw new Problem("forbidden", "an API key has no usage windows");
    const response = await getJson(this.#dependencies, { backend, credential, url, timeoutMs });
    if (response instanceof Refusal) return response;
    const usage = usageFromAnswer(response.json);
    if (!usage) throw new Problem("unreadableAnswer", `HTTP ${response.status}`);
    return usage;
  }
}
