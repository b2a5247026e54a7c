import { Emitter } from "../platform/emitter.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import type { Busy } from "../shared/panelProtocol.ts";
import { isProblem } from "../shared/problem.ts";
import type { Notifications } from "./vscode/notifications.ts";

/** What is under way and what failed last, for the panel to show. */
export class Activity {
  readonly #notifications: Pick<Notifications, "problem">;
  readonly #changed: Emitter<void>;
  /** One entry for each action under way; the same may run twice. */
  readonly #running: Busy[] = [];
  #problem: string | undefined;

  constructor(notifications: Pick<Notifications, "problem">, log: Logger) {
    this.#notifications = notifications;
    this.#changed = new Emitter((error) => log.error(`A listener of the actions failed: ${describeError(error)}`));
  }

  get onDidChange() {
    return this.#changed.event;
  }

  /** What is under way, each once. */
  get busy(): Busy[] {
    return [...new Set(this.#running)];
  }

  /** The last failure, in the sentence that was shown for it. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Does something for the person. A failure is shown and logged, unless they cancelled it themselves. Never rejects.
   *
   * @param what it is called in the log, such as "Signing in"
   * @param busy what the panel shows meanwhile
   * @returns what the work resolved with; undefined when it failed
   */
  async run<T>(what: string, work: () => T | Promise<T>, busy?: Busy): Promise<T | undefined> {
    if (busy) this.#running.push(busy);
    this.#problem = undefined;
    this.#changed.fire();
    try {
      return await work();
    } catch (error) {
      this.fail(what, error);
      return undefined;
    } finally {
      if (busy) this.#running.splice(this.#running.indexOf(busy), 1);
      this.#changed.fire();
    }
  }

  /** Shows and logs a failure, unless the person cancelled what it belongs to. */
  fail(what: string, error: unknown): void {
    if (isProblem(error, "cancelled")) return;
    this.#problem = this.#notifications.problem(what, error);
    this.#changed.fire();
  }
}
