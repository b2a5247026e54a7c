import { type Clock, delay } from "../platform/clock.ts";
import { Emitter } from "../platform/emitter.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { Problem, type ProblemCode } from "../shared/problem.ts";
import { type Binding, normalAddress } from "./endpoints.ts";

/** Where answers are remembered: outside the settings, which any extension may write. */
export interface EndpointMemory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/** What the person is asked: whether a credential may go to these addresses. */
export interface EndpointQuestion {
  readonly kind: Binding["kind"];
  readonly addresses: readonly string[];
}

export interface EndpointPermissionDependencies {
  memory: EndpointMemory;
  /** Asks the person in a modal dialog; anything but true means no. */
  ask: (question: EndpointQuestion) => PromiseLike<boolean>;
  clock: Clock;
  log: Logger;
}

export interface EndpointRequest {
  /** Asks again although the person has said no: they want to be asked. */
  again?: boolean;
  /** The problem when the person does not allow it. */
  problem?: ProblemCode;
  signal?: AbortSignal;
}

/** What a caller that cannot wait for a person needs. */
export type EndpointGuard = Pick<EndpointPermissions, "isAllowed" | "assertAllowed">;

/** Whoever asks does not wait longer for an answer, ms. An answer that comes later still counts. */
const answerLimitMs = 5 * 60_000;

const memoryKey = "allowedEndpoints";
type Allowed = readonly [holder: string, address: string];

/** A question before the person, or waiting for the one that is. */
interface Asking {
  readonly answered: Promise<void>;
  /** Somebody who waits for it wants to be asked, whatever was said before. */
  again: boolean;
}

/**
 * Decides where a credential may be sent. The settings say where requests go, but any extension may write them, so they
 * are no proof of the person's will: an address that a credential was not obtained for is used only after the person
 * has allowed it.
 */
export class EndpointPermissions {
  readonly #dependencies: EndpointPermissionDependencies;
  readonly #changed: Emitter<void>;
  /** Until the window closes or the credential is gone, whatever becomes of the memory. */
  #allowedHere: readonly Allowed[] = [];
  /** Until the window closes; who was told no once does not ask again by themselves. */
  readonly #refused = new Set<string>();
  /** The questions before the person now, by what they ask. */
  readonly #asking = new Map<string, Asking>();
  /** One dialog at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: EndpointPermissionDependencies) {
    this.#dependencies = parts;
    this.#changed = new Emitter((error) =>
      parts.log.error(`A listener of the allowed endpoints failed: ${describeError(error)}`),
    );
  }

  get onDidChange() {
    return this.#changed.event;
  }

  /** Whether a credential may be sent to an address, as far as is known without asking. */
  isAllowed(binding: Binding | undefined, address: string): boolean {
    const wanted = normalAddress(address);
    if (!binding || wanted === undefined) return false;
    if (binding.home.some((home) => normalAddress(home) === wanted)) return true;
    return this.#allowed().some(([holder, allowed]) => holder === binding.holder && allowed === wanted);
  }

  /**
   * To be called right before a credential is sent; never asks.
   * @throws Problem `endpointNotAllowed`
   */
  assertAllowed(binding: Binding | undefined, address: string): void {
    if (!this.isAllowed(binding, address)) throw new Problem("endpointNotAllowed");
  }

  /**
   * Asks the person, where needed, whether a credential may be sent to some addresses; one dialog names them all. Only
   * for what a person does: nothing in the background may call this.
   * @throws Problem `endpointNotAllowed` unless they allow it, now or earlier; the signal's reason when it is aborted
   */
  async request(binding: Binding, addresses: readonly string[], options: EndpointRequest = {}): Promise<void> {
    const { again = false, problem = "endpointNotAllowed", signal } = options;
    signal?.throwIfAborted();
    const missing = this.missing(binding, addresses);
    if (missing.length === 0) return;
    if (again || !this.#isRefused(binding, missing)) {
      await this.#answered(this.#question(binding, missing, again), signal);
    }
    if (this.missing(binding, addresses).length > 0) throw new Problem(problem);
  }

  /** The addresses that the person would have to allow. */
  missing(binding: Binding, addresses: readonly string[]): string[] {
    return [...new Set(addresses.filter((address) => !this.isAllowed(binding, address)))];
  }

  /** Allows for one credential what the person has just allowed for another: the two are one. */
  grant(binding: Binding, addresses: readonly string[]): void {
    const missing = this.missing(binding, addresses);
    if (missing.length === 0) return;
    this.#remember(binding, missing);
    this.#changed.fire();
  }

  /** Forgets what was allowed for a credential that is gone. */
  forget({ holder }: Binding): void {
    const isKept = ([other]: Allowed) => other !== holder;
    const allowed = this.#allowed();
    const kept = allowed.filter(isKept);
    if (kept.length === allowed.length) return;
    this.#allowedHere = this.#allowedHere.filter(isKept);
    this.#write(kept);
    this.#changed.fire();
  }

  /** Drops what this window alone still knows of a credential that is gone: another window may have forgotten the rest. */
  forgetHere({ holder }: Binding): void {
    const before = this.#allowed().length;
    this.#allowedHere = this.#allowedHere.filter(([other]) => other !== holder);
    if (this.#allowed().length < before) this.#changed.fire();
  }

  /** The one dialog that asks this; whoever wants the same waits for the same answer. */
  #question(binding: Binding, addresses: readonly string[], again: boolean): Promise<void> {
    const name = addresses.map((address) => nameOf(binding, address)).join("\n");
    const running = this.#asking.get(name);
    if (running) {
      running.again ||= again;
      return running.answered;
    }
    const answered = this.#queue
      .then(() => this.#ask(binding, addresses, asking.again))
      .finally(() => {
        this.#asking.delete(name);
      });
    const asking: Asking = { answered, again };
    this.#asking.set(name, asking);
    this.#queue = answered.catch(() => {});
    return answered;
  }

  async #ask(binding: Binding, addresses: readonly string[], again: boolean): Promise<void> {
    const { ask, log } = this.#dependencies;
    // The question before this one may have been about the same.
    const missing = this.missing(binding, addresses);
    if (missing.length === 0 || (!again && this.#isRefused(binding, missing))) return;
    let allowed = false;
    try {
      allowed = (await ask({ kind: binding.kind, addresses: missing })) === true;
    } catch (error) {
      log.warn(`The question about an endpoint could not be asked: ${describeError(error)}`);
      return;
    }
    log.info(`An endpoint of the settings was ${allowed ? "allowed" : "refused"} by the person`);
    for (const address of missing) {
      if (allowed) this.#refused.delete(nameOf(binding, address));
      else this.#refused.add(nameOf(binding, address));
    }
    if (allowed) this.#remember(binding, missing);
    this.#changed.fire();
  }

  #remember({ holder }: Binding, addresses: readonly string[]): void {
    const added = addresses.flatMap((address): Allowed[] => {
      const normal = normalAddress(address);
      return normal === undefined ? [] : [[holder, normal]];
    });
    this.#allowedHere = [...this.#allowedHere, ...added];
    this.#write(this.#allowed());
  }

  /** Nobody waits for the memory, or fails with it: this window knows already what is written. */
  #write(allowed: readonly Allowed[]): void {
    this.#dependencies.memory.update(memoryKey, allowed).then(undefined, (error: unknown) => {
      this.#dependencies.log.warn(`The allowed endpoints could not be written: ${describeError(error)}`);
    });
  }

  /** Whether the person has said no to one of these. */
  #isRefused(binding: Binding, addresses: readonly string[]): boolean {
    return addresses.some((address) => this.#refused.has(nameOf(binding, address)));
  }

  /** Waits for an answer, but not for ever. */
  async #answered(question: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    const limit = new AbortController();
    const stop = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
    const waited = delay(this.#dependencies.clock, answerLimitMs, stop);
    waited.catch(() => {});
    try {
      await Promise.race([question, waited]);
    } finally {
      limit.abort();
    }
  }

  #allowed(): readonly Allowed[] {
    const stored = this.#dependencies.memory.get(memoryKey);
    const known = Array.isArray(stored) ? stored.filter(isAllowed) : [];
    const isNew = ([holder, address]: Allowed) => !known.some(([other, at]) => other === holder && at === address);
    return [...known, ...this.#allowedHere.filter(isNew)];
  }
}

function isAllowed(entry: unknown): entry is Allowed {
  return Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === "string");
}

function nameOf({ holder }: Binding, address: string): string {
  return `${holder} ${normalAddress(address)}`;
}
