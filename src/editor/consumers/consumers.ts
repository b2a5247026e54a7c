import { type Clock, waitAtMost } from "../../platform/clock.ts";
import { Emitter } from "../../platform/emitter.ts";
import { inBackground } from "../../platform/inBackground.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import { TaskQueue } from "../../platform/taskQueue.ts";
import { Problem } from "../../shared/problem.ts";
import { type Answer, type AnswerMemory, Answers, type Consumer, type Listed, nameOf } from "./answers.ts";

export interface ConsumersDependencies {
  memory: AnswerMemory;
  /**
   * Asks the person, in a modal dialog; anything but these two is no answer.
   * @param bySetting the settings allow it until the person answers: then the question is a notification
   */
  ask: (consumer: Consumer, bySetting: boolean) => PromiseLike<Answer | undefined>;
  /** The ids of the extensions that the settings allow, in lower case. */
  allowedBySetting: () => readonly string[];
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
 * once, for each account or key that pays. Any extension may write the settings: what they allow is served without
 * waiting for an answer, but the person is told, and can refuse it.
 */
export class Consumers {
  readonly #dependencies: ConsumersDependencies;
  readonly #changed: Emitter<void>;
  readonly #answers: Answers;
  /** The unanswered questions, by kind and consumer. */
  readonly #asking = new Map<string, Promise<void>>();
  /** By kind of question and extension: it may change who pays. */
  readonly #putOff = new Map<string, PutOff>();
  /** By extension, how often notifications about it have become old: an old one keeps no new one from being shown. */
  readonly #rounds = new Map<string, number>();
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
    if (answer === "allowed" || (answer === "setting" && this.isAllowedBySetting(consumer))) return;
    throw new Problem("extensionNotAllowed");
  }

  /**
   * Asks the person, unless they have answered before. Where the settings allow it, it is not waited for the answer.
   * @returns whether it had to wait: what it was asked for may have changed meanwhile
   * @throws Problem `extensionRefused`, `extensionNotAllowed`; the signal's reason when it is aborted
   */
  async request(consumer: Consumer, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const answer = this.#answers.get(consumer);
    const bySetting = isOpen(answer) && this.isAllowedBySetting(consumer);
    const isNew = bySetting && answer === "none";
    if (isNew) this.#set(consumer, "setting");
    const asks = isNew || (isOpen(answer) && !this.#isPutOff(this.#kind(consumer, bySetting)));
    if (asks) {
      const { clock, log } = this.#dependencies;
      const answered = this.#question(consumer, bySetting);
      if (bySetting) inBackground(answered, log, "The question about an extension failed");
      else await waitAtMost(clock, answerLimitMs, answered, signal);
    }
    this.assertAllowed(consumer);
    return asks && !bySetting;
  }

  /** Whether the settings allow it. They don't once the person has refused the extension, whoever was to pay then. */
  isAllowedBySetting({ extension }: Consumer): boolean {
    const isRefused = this.list().some((listed) => listed.extension === extension && listed.answer === "refused");
    return !isRefused && this.#dependencies.allowedBySetting().includes(extension);
  }

  /** All that the person has answered or could answer, but what they have taken back. */
  list(): Listed[] {
    return this.#answers.list();
  }

  /** Takes an answer back: the next request of the extension is asked for. */
  forget(consumer: Consumer): void {
    this.#putOff.delete(this.#kind(consumer, false));
    this.#startRound(consumer);
    this.#set(consumer, "none");
  }

  /** Refuses an extension without a question. */
  block(consumer: Consumer): void {
    this.#set(consumer, "refused");
  }

  #set(consumer: Consumer, answer: Listed["answer"] | "none"): void {
    this.#answers.set(consumer, answer);
    this.#dependencies.log.info(`The answer about the extension ${consumer.extension} is now: ${answer}`);
    this.#changed.fire();
  }

  /** Of a question: neither an id nor the names of payers have a line break. */
  #kind({ extension }: Consumer, bySetting: boolean): string {
    return `${bySetting ? `setting ${this.#rounds.get(extension) ?? 0}` : "dialog"}\n${extension}`;
  }

  /** The next use of a setting is told of, whatever notification is still open or has been closed. */
  #startRound({ extension }: Consumer): void {
    this.#rounds.set(extension, (this.#rounds.get(extension) ?? 0) + 1);
  }

  #isPutOff(kind: string): boolean {
    const putOff = this.#putOff.get(kind);
    if (!putOff) return false;
    const now = this.#dependencies.clock.elapsed();
    if (now - putOff.triedAt >= silenceMs || now - putOff.at >= longestBurstMs) return false;
    putOff.triedAt = now;
    return true;
  }

  /** Asks once; requests of the same extension wait for the same answer. Dialogs come one at a time. */
  #question(consumer: Consumer, bySetting: boolean): Promise<void> {
    const name = `${this.#kind(consumer, bySetting)}\n${nameOf(consumer)}`;
    const running = this.#asking.get(name);
    if (running !== undefined) return running;
    const ask = () => this.#ask(consumer, bySetting);
    const answered = (bySetting ? ask() : this.#dialogs.run(ask)).finally(() => this.#asking.delete(name));
    this.#asking.set(name, answered);
    return answered;
  }

  async #ask(consumer: Consumer, bySetting: boolean): Promise<void> {
    const { ask, clock, log } = this.#dependencies;
    // While the question waited for its turn, the person may have answered it elsewhere, or put off another one about it.
    const kind = this.#kind(consumer, bySetting);
    if (!isOpen(this.#answers.get(consumer)) || (!bySetting && this.#isPutOff(kind))) return;
    if (!bySetting) this.#startRound(consumer);
    let answer: Answer | undefined;
    try {
      answer = await ask(consumer, bySetting);
    } catch (error) {
      log.warn(`The question about an extension could not be asked: ${describeError(error)}`);
    }
    if (answer !== "allowed" && answer !== "refused") {
      const now = clock.elapsed();
      this.#putOff.set(kind, { at: now, triedAt: now });
      // A notification that was shown beside the dialog may have gone unseen.
      if (!bySetting) this.#startRound(consumer);
      return;
    }
    this.#set(consumer, answer);
  }
}

/** Whether the person has not answered yet. */
function isOpen(answer: ReturnType<Answers["get"]>): boolean {
  return answer === "none" || answer === "setting";
}
