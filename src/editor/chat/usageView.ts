import type { Accounts } from "../../account/accounts.ts";
import type { AccountsState } from "../../account/state.ts";
import type { Backend } from "../../openai/backend.ts";
import {
  type NoticesGiven,
  noticeWhenLittleLeft,
  plausibleReset,
  type Usage,
  type UsageWindow,
  type UsageWindowName,
} from "../../openai/usage.ts";
import type { UsageMeter } from "../../openai/usageMeter.ts";
import { ageOf, type Clock, type Moment, momentBy } from "../../platform/clock.ts";
import { Disposables } from "../../platform/disposables.ts";
import { Emitter } from "../../platform/emitter.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import type { UsageView as ShownUsage, UsageWindowView } from "../../shared/panelProtocol.ts";
import { sentenceFor } from "../../shared/problem.ts";
import { littleLeftSentence } from "../../shared/words/models.ts";

/** Remembers over restarts for which windows a notice was given. */
export interface NoticeMemory {
  get(): { account: string; given: NoticesGiven } | undefined;
  set(notices: { account: string; given: NoticesGiven }): PromiseLike<void>;
}

export interface UsageViewDependencies {
  accounts: Pick<Accounts, "state" | "onDidChange">;
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

/** What is shown of the plan's use: read when somebody looks, updated by the answers in between, never polled. */
export class UsageView {
  readonly #dependencies: UsageViewDependencies;
  readonly #changed: Emitter<void>;
  readonly #subscriptions = new Disposables();
  /** The account whose plan is shown. */
  #accountId: string | undefined;
  #lookedAt: Moment | undefined;
  #looking = false;
  #problem: string | undefined;

  constructor(dependencies: UsageViewDependencies) {
    const { accounts, meter, log } = dependencies;
    this.#dependencies = dependencies;
    this.#changed = new Emitter((error) => log.error(`A listener of the usage failed: ${describeError(error)}`));
    this.#accountId = usableAccount(accounts.state);
    this.#subscriptions.add(accounts.onDidChange((state) => this.#follow(state)));
    this.#subscriptions.add(
      meter.onDidChange((usage) => {
        this.#warnIfLittleLeft(usage);
        this.#changed.fire();
      }),
    );
  }

  get onDidChange() {
    return this.#changed.event;
  }

  /** Undefined when there is no account whose plan could be asked for. */
  get current(): ShownUsage | undefined {
    if (this.#accountId === undefined) return undefined;
    const usage = this.#dependencies.meter.current;
    if (usage) {
      return {
        status: "known",
        limitReached: usage.limitReached,
        updating: this.#looking,
        windows: [...this.#window("fiveHour", usage.fiveHour), ...this.#window("weekly", usage.weekly)],
      };
    }
    return this.#problem === undefined ? { status: "reading" } : { status: "unavailable", why: this.#problem };
  }

  /** To be called when a person looks; asks the service unless that was just done. */
  look(): void {
    const { clock } = this.#dependencies;
    if (!this.#lookedAt || ageOf(this.#lookedAt, clock) >= freshMs) this.update();
  }

  /** Asks the service now. */
  update(): void {
    if (this.#accountId !== undefined && !this.#looking) void this.#read();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #follow(state: AccountsState): void {
    const id = usableAccount(state);
    if (id === this.#accountId) return;
    const { meter, isWatched } = this.#dependencies;
    this.#accountId = id;
    this.#lookedAt = undefined;
    this.#problem = undefined;
    meter.clear();
    if (isWatched()) this.look();
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
      if (account === this.#accountId) this.#problem = sentenceFor(error);
    } finally {
      this.#looking = false;
      if (account === this.#accountId) this.#lookedAt = momentBy(clock);
      this.#changed.fire();
    }
    // Another account was signed in or chosen meanwhile.
    if (account !== this.#accountId) this.look();
  }

  #warnIfLittleLeft(usage: Usage | undefined): void {
    const { notices, clock, warn } = this.#dependencies;
    const account = this.#accountId;
    if (!usage || account === undefined) return;
    const known = notices.get();
    const before = known?.account === account ? known.given : {};
    const { notice, given } = noticeWhenLittleLeft(usage, before, clock.now());
    if (!notice) return;
    void notices.set({ account, given });
    const window = usage[notice];
    if (!window) return;
    const now = clock.now();
    warn(littleLeftSentence(notice, window.leftPercent, plausibleReset(window.resetsAt, now), now));
  }

  #window(name: UsageWindowName, window: UsageWindow | undefined): UsageWindowView[] {
    if (!window) return [];
    const { usedPercent, leftPercent } = window;
    const resetsAt = plausibleReset(window.resetsAt, this.#dependencies.clock.now());
    return [{ name, usedPercent, leftPercent, ...(resetsAt !== undefined && { resetsAt }) }];
  }
}

function usableAccount({ active }: AccountsState): string | undefined {
  return active && !active.rejected ? active.id : undefined;
}
