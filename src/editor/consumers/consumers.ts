import { type Clock, waitAtMost } from "../../platform/clock.ts";
import { Emitter } from "../../platform/emitter.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import { TaskQueue } from "../../platform/taskQueue.ts";
import { Problem } from "../../shared/problem.ts";
import { type Answer, type AnswerMemory, Answers, type Consumer, nameOf } from "./answers.ts";

export interface ConsumersDependencies {
  memory: AnswerMemory;
  /** Asks the person in a modal dialog; anything but these two is no answer. */
  ask: (consumer: Consumer) => PromiseLike<Answer | undefined>;
  /** The ids of the extensions that the settings allow, in lower case. */
  allowedBySetting: () => readonly string[];
  /** Tells the person, without a dialog, that the settings allow an extension. */
  tell: (consumer: Consumer) => void;
  clock: Clock;
  log: Logger;
}

/** How long a request waits for an answer, ms. A later answer still counts. */
const answerLimitMs = 5 * 60_000;

/** An agent sends its requests seconds apart: what was put off is not asked again until it has been silent for so long, ms. */
const silenceMs = 60_000;
/** However often an extension tries, ms. */
const longestBurstMs = 10 * 60_000;

/** When the person put an answer off, and when the extension last tried, by `Clock.elapsed`. */
interface PutOff {
  readonly at: number;
  triedAt: number;
}

/**
 * Who may use the account's models beside VS Code's own Chat. VS Code has a consent for models, but only of providers that
 * use a proposed API; without it any extension could spend the plan or the key in silence. So each extension is asked for
 * once, for each account or key that pays.
 */
export class Consumers {
  readonly #dependencies: ConsumersDependencies;
  readonly #changed: Emitter<void>;
  readonly #answers: Answers;
  /** The unanswered questions, by consumer. */
  readonly #asking = new Map<string, Promise<void>>();
  readonly #putOff = new Map<string, PutOff>();
  /** One dialog at a time. */
  readonly #dialogs = new TaskQueue();

  constructor(dependencies: ConsumersDependencies) {
    const { memory, log } = dependencies;
    this.#dependencies = dependencies;
    this.#answers = new Answers(memory, log);
    this.#changed = new Emitter((error) =>
      log.error(`A listener of the allowed extensions failed: ${describeError(error)}`),
    );
  }

  get onDidChange() {
    return this.#changed.event;
  }

  /**
   * To be called right before a credential is sent; never asks.
   * @throws Problem `extensionRefused`, `extensionNotAllowed`
   */
  assertAllowed(consumer: Consumer): void {
    const answer = this.#answers.get(consumer);
    if (answer === "refused") throw new Problem("extensionRefused");
    if (answer !== "allowed" && !this.#isAllowedBySetting(consumer)) throw new Problem("extensionNotAllowed");
  }

  /**
   * Asks the person, unless they have answered before or the settings allow it.
   * @returns whether it had to wait: what it was asked for may have changed meanwhile
   * @throws Problem `extensionRefused`, `extensionNotAllowed`; the signal's reason when it is aborted
   */
  async request(consumer: Consumer, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const answer = this.#answers.get(consumer);
    const isOpen = answer === "none" || answer === "told";
    const asks = isOpen && !this.#isAllowedBySetting(consumer) && !this.#isPutOff(consumer);
    if (asks) await waitAtMost(this.#dependencies.clock, answerLimitMs, this.#question(consumer), signal);
    this.assertAllowed(consumer);
    if (!asks && answer === "none") this.#tell(consumer);
    return asks;
  }

  /** Every answer that the person has given and not taken back. */
  list(): (Consumer & { readonly answer: Answer })[] {
    return this.#answers.list();
  }

  /** Takes an answer back: the next request of the extension is asked for. */
  forget(consumer: Consumer): void {
    this.#answers.set(consumer, "none");
    this.#putOff.delete(nameOf(consumer));
    this.#dependencies.log.info(`The answer about the extension ${consumer.extension} was taken back`);
    this.#changed.fire();
  }

  #isAllowedBySetting({ extension }: Consumer): boolean {
    return this.#dependencies.allowedBySetting().includes(extension);
  }

  /** Any extension may write the settings, so the person hears of it, once. */
  #tell(consumer: Consumer): void {
    this.#answers.set(consumer, "told");
    this.#dependencies.log.info(`The settings allow the extension ${consumer.extension}`);
    this.#dependencies.tell(consumer);
  }

  #isPutOff(consumer: Consumer): boolean {
    const putOff = this.#putOff.get(nameOf(consumer));
    if (!putOff) return false;
    const now = this.#dependencies.clock.elapsed();
    if (now - putOff.triedAt >= silenceMs || now - putOff.at >= longestBurstMs) return false;
    putOff.triedAt = now;
    return true;
  }

  /** Asks in one dialog; requests of the same extension wait for the same answer. */
  #question(consumer: Consumer): Promise<void> {
    const name = nameOf(consumer);
    const running = this.#asking.get(name);
    if (running !== undefined) return running;
    const answered = this.#dialogs.run(() => this.#ask(consumer)).finally(() => this.#asking.delete(name));
    this.#asking.set(name, answered);
    return answered;
  }

  async #ask(consumer: Consumer): Promise<void> {
    const { ask, clock, log } = this.#dependencies;
    let answer: Answer | undefined;
    try {
      answer = await ask(consumer);
    } catch (error) {
      log.warn(`The question about an extension could not be asked: ${describeError(error)}`);
    }
    if (answer !== "allowed" && answer !== "refused") {
      const now = clock.elapsed();
      this.#putOff.set(nameOf(consumer), { at: now, triedAt: now });
      // The settings no longer allow it. Should they do so again, the person hears of it again.
      if (this.#answers.get(consumer) === "told") this.#answers.set(consumer, "none");
      return;
    }
    log.info(`The extension ${consumer.extension} was ${answer} by the person`);
    this.#answers.set(consumer, answer);
    this.#changed.fire();
  }
}
