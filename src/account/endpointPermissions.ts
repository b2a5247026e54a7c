import { type Clock, waitAtMost } from "../platform/clock.ts";
import { Emitter } from "../platform/emitter.ts";
import { inBackground } from "../platform/inBackground.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { TaskQueue } from "../platform/taskQueue.ts";
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
  /** Asks the person in a modal dialog; anything but true is a no. */
  ask: (question: EndpointQuestion) => PromiseLike<boolean>;
  clock: Clock;
  log: Logger;
}

export interface EndpointRequest {
  /** Asks again even if the person has said no: they have done something that needs an answer. */
  again?: boolean;
  /** The code of the problem when the person does not allow it. */
  problem?: ProblemCode;
  signal?: AbortSignal;
}

/** For callers that must not ask the person. */
export type EndpointGuard = Pick<EndpointPermissions, "isAllowed" | "assertAllowed">;

/** How long a caller waits for an answer, ms. A later answer still counts. */
const answerLimitMs = 5 * 60_000;

const memoryKey = "allowedEndpoints";
type Allowed = readonly [name: string, address: string];

/** A question that the person sees, or that waits for another one to be answered. */
interface Asking {
  readonly answered: Promise<void>;
  /** Whether one of those who wait for it wants the person asked again. */
  again: boolean;
}

/**
 * Decides where a credential may be sent. The settings say where requests go, but any extension may write them, so they
 * do not prove what the person wants: an address that a credential was not obtained for is used only after the person
 * has allowed it.
 */
export class EndpointPermissions {
  readonly #dependencies: EndpointPermissionDependencies;
  readonly #changed: Emitter<void>;
  /** What was allowed in this window; it holds even if the memory loses it. */
  #allowedHere: readonly Allowed[] = [];
  /** What the person has said no to, until the window closes: they are not asked for it again unless they want to. */
  readonly #refused = new Set<string>();
  /** The unanswered questions, by what they ask. */
  readonly #asking = new Map<string, Asking>();
  /** One dialog at a time. */
  readonly #dialogs = new TaskQueue();

  constructor(dependencies: EndpointPermissionDependencies) {
    this.#dependencies = dependencies;
    this.#changed = new Emitter((error) =>
      dependencies.log.error(`A listener of the allowed endpoints failed: ${describeError(error)}`),
    );
  }

  get onDidChange() {
    return this.#changed.event;
  }

  /** Whether a credential may be sent to an address. Does not ask. */
  isAllowed(binding: Binding | undefined, address: string): boolean {
    const wanted = normalAddress(address);
    if (!binding || wanted === undefined) return false;
    if (binding.home.some((home) => normalAddress(home) === wanted)) return true;
    return this.#allowed().some(([name, allowed]) => name === binding.name && allowed === wanted);
  }

  /**
   * To be called right before a credential is sent; never asks.
   * @throws Problem `endpointNotAllowed`
   */
  assertAllowed(binding: Binding | undefined, address: string): void {
    if (!this.isAllowed(binding, address)) throw new Problem("endpointNotAllowed");
  }

  /**
   * Asks the person, where needed, whether a credential may be sent to some addresses; one dialog names them all. To be
   * called only for something that the person does, never in the background.
   * @throws Problem `endpointNotAllowed` unless they allow it, now or earlier; the signal's reason when it is aborted
   */
  async request(binding: Binding, addresses: readonly string[], options: EndpointRequest = {}): Promise<void> {
    const { again = false, problem = "endpointNotAllowed", signal } = options;
    signal?.throwIfAborted();
    const missing = this.missing(binding, addresses);
    if (missing.length === 0) return;
    if (again || !this.#isRefused(binding, missing)) {
      await waitAtMost(this.#dependencies.clock, answerLimitMs, this.#question(binding, missing, again), signal);
    }
    if (this.missing(binding, addresses).length > 0) throw new Problem(problem);
  }

  /** The addresses that the person would have to allow. */
  missing(binding: Binding, addresses: readonly string[]): string[] {
    return [...new Set(addresses.filter((address) => !this.isAllowed(binding, address)))];
  }

  /** Allows for a credential what the person has just allowed for it under another name. */
  grant(binding: Binding, addresses: readonly string[]): void {
    const missing = this.missing(binding, addresses);
    if (missing.length === 0) return;
    this.#remember(binding, missing);
    this.#changed.fire();
  }

  /** Forgets what was allowed for a credential that is gone. */
  forget({ name }: Binding): void {
    const isKept = ([other]: Allowed) => other !== name;
    const allowed = this.#allowed();
    const kept = allowed.filter(isKept);
    if (kept.length === allowed.length) return;
    this.#allowedHere = this.#allowedHere.filter(isKept);
    this.#write(kept);
    this.#changed.fire();
  }

  /** Forgets what was allowed in this window for a credential that is gone: another window may have forgotten the rest. */
  forgetHere({ name }: Binding): void {
    const before = this.#allowed().length;
    this.#allowedHere = this.#allowedHere.filter(([other]) => other !== name);
    if (this.#allowed().length < before) this.#changed.fire();
  }

  /** Asks in one dialog; callers with the same question wait for the same answer. */
  #question(binding: Binding, addresses: readonly string[], again: boolean): Promise<void> {
    const question = addresses.map((address) => nameOf(binding, address)).join("\n");
    const running = this.#asking.get(question);
    if (running) {
      running.again ||= again;
      return running.answered;
    }
    const answered = this.#dialogs
      .run(() => this.#ask(binding, addresses, asking.again))
      .finally(() => this.#asking.delete(question));
    const asking: Asking = { answered, again };
    this.#asking.set(question, asking);
    return answered;
  }

  async #ask(binding: Binding, addresses: readonly string[], again: boolean): Promise<void> {
    const { ask, log } = this.#dependencies;
    // An earlier question may have been about the same addresses.
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

  #remember({ name }: Binding, addresses: readonly string[]): void {
    const added = addresses.flatMap((address): Allowed[] => {
      const normal = normalAddress(address);
      return normal === undefined ? [] : [[name, normal]];
    });
    this.#allowedHere = [...this.#allowedHere, ...added];
    this.#write(this.#allowed());
  }

  /** Nobody waits for the memory: this window already knows what is written. */
  #write(allowed: readonly Allowed[]): void {
    const { memory, log } = this.#dependencies;
    inBackground(memory.update(memoryKey, allowed), log, "The allowed endpoints could not be written");
  }

  /** Whether the person has said no to one of these. */
  #isRefused(binding: Binding, addresses: readonly string[]): boolean {
    return addresses.some((address) => this.#refused.has(nameOf(binding, address)));
  }

  #allowed(): readonly Allowed[] {
    const stored = this.#dependencies.memory.get(memoryKey);
    const known = Array.isArray(stored) ? stored.filter(isAllowed) : [];
    const isNew = ([name, address]: Allowed) => !known.some(([other, at]) => other === name && at === address);
    return [...known, ...this.#allowedHere.filter(isNew)];
  }
}

function isAllowed(entry: unknown): entry is Allowed {
  return Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === "string");
}

function nameOf({ name }: Binding, address: string): string {
  return `${name} ${normalAddress(address)}`;
}
