import type { Accounts } from "../../account/accounts.ts";
import type { AccountsState } from "../../account/state.ts";
import type { Backend } from "../../openai/backend.ts";
import { localTime, RequestError } from "../../openai/requestError.ts";
import {
  type NoticesGiven,
  noticeWhenLittleLeft,
  type Usage,
  type UsageWindow,
  type UsageWindowName,
} from "../../openai/usage.ts";
import type { UsageMeter } from "../../openai/usageMeter.ts";
import type { Clock } from "../../platform/clock.ts";
import { Emitter } from "../../platform/emitter.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import type { UsageView as Shown, UsageWindowView } from "../../shared/panelProtocol.ts";
import { sentenceFor } from "../../shared/problem.ts";

/** Remembers over restarts which windows a person was told of. */
export interface NoticeMemory {
  get(): { account: string; given: NoticesGiven } | undefined;
  set(notices: { account: string; given: NoticesGiven }): PromiseLike<void>;
}

export interface UsageViewDependencies {
  accounts: Accounts;
  meter: UsageMeter;
  /** @throws Problem `badSetting` */
  backend: () => Backend;
  notices: NoticeMemory;
  warn: (sentence: string) => void;
  /** Somebody is looking now. */
  isWatched: () => boolean;
  clock: Clock;
  log: Logger;
}

/** Opening the panel again so soon does not ask the service again. */
const freshMs = 30_000;

/** What the surfaces show of the plan's use. Asked for when somebody looks, told by the answers in between, never polled. */
export class UsageView {
  readonly #dependencies: UsageViewDependencies;
  readonly #changed: Emitter<void>;
  /** The account whose plan is told of. */
  #accountId: string | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking = false;
  #problem: string | undefined;

  constructor(parts: UsageViewDependencies) {
    this.#dependencies = parts;
    this.#changed = new Emitter((error) => parts.log.error(`A listener of the usage failed: ${describeError(error)}`));
    this.#accountId = usableAccount(parts.accounts.state);
    parts.accounts.onDidChange((state) => {
      const id = usableAccount(state);
      if (id === this.#accountId) return;
      this.#accountId = id;
      this.#lookedAt = Number.NEGATIVE_INFINITY;
      this.#problem = undefined;
      parts.meter.clear();
      if (parts.isWatched()) this.look();
    });
    parts.meter.onDidChange((usage) => {
      this.#tellIfLittleLeft(usage);
      this.#changed.fire();
    });
  }

  get onDidChange() {
    return this.#changed.event;
  }

  /** Undefined when there is no account whose plan could be asked for. */
  get current(): Shown | undefined {
    if (this.#accountId === undefined) return undefined;
    const usage = this.#dependencies.meter.current;
    if (usage) {
      return {
        status: "known",
        limitReached: usage.limitReached,
        updating: this.#looking,
        windows: [...windowView("fiveHour", usage.fiveHour), ...windowView("weekly", usage.weekly)],
      };
    }
    return this.#problem === undefined ? { status: "reading" } : { status: "unavailable", why: this.#problem };
  }

  /** To be called when a person looks; asks the service unless that was just done. */
  look(): void {
    if (this.#dependencies.clock.now() - this.#lookedAt >= freshMs) this.update();
  }

  /** Asks the service now. */
  update(): void {
    if (this.#accountId !== undefined && !this.#looking) void this.#read();
  }

  async #read(): Promise<void> {
    const { meter, backend, clock, log } = this.#dependencies;
    const account = this.#accountId;
    this.#looking = true;
    this.#changed.fire();
    try {
      await meter.read(backend());
      if (account === this.#accountId) this.#problem = undefined;
    } catch (error) {
      log.warn(`The usage could not be read: ${describeError(error)}`);
      if (account === this.#accountId)
        this.#problem = error instanceof RequestError ? error.message : sentenceFor(error);
    } finally {
      this.#looking = false;
      if (account === this.#accountId) this.#lookedAt = clock.now();
      this.#changed.fire();
    }
    // Somebody else signed in meanwhile, and is being looked at.
    if (account !== this.#accountId) this.look();
  }

  #tellIfLittleLeft(usage: Usage | undefined): void {
    const { notices, clock, warn } = this.#dependencies;
    const account = this.#accountId;
    if (!usage || account === undefined) return;
    const known = notices.get();
    const before = known?.account === account ? known.given : {};
    const { notice, given } = noticeWhenLittleLeft(usage, before, clock.now());
    if (!notice) return;
    void notices.set({ account, given });
    const window = usage[notice];
    if (window) warn(littleLeftSentence(notice, window));
  }
}

function usableAccount({ active }: AccountsState): string | undefined {
  return active && !active.rejected ? active.id : undefined;
}

const windowNames: Readonly<Record<UsageWindowName, string>> = { fiveHour: "5-hour", weekly: "weekly" };

/** The one notice of a window that runs low. */
export function littleLeftSentence(
  name: UsageWindowName,
  { leftPercent, resetsAt }: UsageWindow,
  formatTime: (ms: number) => string = localTime,
): string {
  const left = leftPercent < 1 ? "Nothing" : `${Math.floor(leftPercent)} %`;
  const reset = resetsAt === undefined ? "" : ` It starts anew on ${formatTime(resetsAt)}.`;
  return `${left} of your ChatGPT plan's ${windowNames[name]} usage limit is left.${reset}`;
}

function windowView(name: UsageWindowName, window: UsageWindow | undefined): UsageWindowView[] {
  if (!window) return [];
  const { usedPercent, leftPercent, resetsAt } = window;
  return [{ name, usedPercent, leftPercent, ...(resetsAt !== undefined && { resetsAt }) }];
}
