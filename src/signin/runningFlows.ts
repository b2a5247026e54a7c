import type { AuthorizationGrant } from "../oauth/authorizationRequest.ts";
import type { Disposable } from "../platform/disposables.ts";
import { describeError } from "../platform/logger.ts";
import type { FlowName } from "../shared/panelProtocol.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import type { FlowContext, RunningFlow, Waiting } from "./flow.ts";
import { startFlow } from "./flows.ts";

/** What the person is shown: the start, the choice of another flow, or what the shown flow waits for. */
type Shown = { stage: "starting" } | { stage: "waitingForChoice"; failed: FlowName } | Waiting;

/** The flows that work for one attempt at the same time. The first answer counts. */
export class RunningFlows implements Disposable {
  readonly #context: FlowContext;
  readonly #permitted: Promise<void>;
  readonly #starting = new Map<FlowName, Promise<RunningFlow>>();
  readonly #running = new Map<FlowName, RunningFlow>();
  readonly #answer = Promise.withResolvers<AuthorizationGrant>();
  /** The one that the person is shown. */
  #current: RunningFlow | undefined;
  #shown: Exclude<Shown, Waiting> = { stage: "starting" };

  /** @param permitted resolves when the issuer may be used; nothing is opened or sent before */
  constructor(context: FlowContext, permitted: Promise<void>) {
    this.#context = context;
    this.#permitted = permitted;
    permitted.catch(() => {});
    this.#answer.promise.catch(() => {});
  }

  get shown(): Shown {
    return this.#current?.waiting ?? this.#shown;
  }

  /** What keeps the shown flow's answer away at the moment. */
  get trouble(): Problem | undefined {
    return this.#current?.trouble;
  }

  /** When the attempt should not end before, ms by the clock that nobody can set. */
  get expiresAt(): number {
    return Math.max(0, ...[...this.#running.values()].map((flow) => flow.expiresAt ?? 0));
  }

  /** Resolves with the first answer of any flow. @throws Problem when no flow is left that can bring one */
  get answer(): Promise<AuthorizationGrant> {
    return this.#answer.promise;
  }

  /** Starts with a flow, or with another that the person chooses when it cannot be used here. */
  begin(name: FlowName): void {
    this.#startAny(name).catch(this.#answer.reject);
  }

  /** Starts a flow and shows it, or shows one that runs again; the others go on. @throws Problem; they still do */
  async show(name: FlowName): Promise<void> {
    const { signal } = this.#context;
    if (signal.aborted) return;
    try {
      const flow = await (this.#starting.get(name) ?? this.#start(name));
      if (signal.aborted) return;
      this.#setCurrent(flow);
      await flow.reveal();
    } catch (error) {
      // When no answer is wanted any more, it does not matter that this flow cannot bring one.
      if (!signal.aborted) throw error;
    }
  }

  /** Shows what the person is waiting for again. @throws Problem */
  async reveal(): Promise<void> {
    if (!this.#context.signal.aborted) await this.#current?.reveal();
  }

  dispose(): void {
    for (const starting of this.#starting.values()) {
      starting.then(
        (flow) => flow.dispose(),
        () => {},
      );
    }
  }

  async #startAny(first: FlowName): Promise<void> {
    let name: FlowName | undefined = first;
    while (name !== undefined) {
      try {
        return await this.show(name);
      } catch (error) {
        const isOnlyHere = isProblem(error, "portInUse", "portReserved", "deviceCodeDisabled");
        if (!isOnlyHere || this.#context.signal.aborted) throw error;
        name = await this.#choose(name, error);
      }
    }
    // Meanwhile the person may have chosen a flow elsewhere, for example in the panel.
    if (this.#starting.size === 0) throw new Problem("cancelled");
  }

  /** Asks for another flow; undefined when the person wants none. */
  #choose(failed: FlowName, problem: Problem): Promise<FlowName | undefined> {
    const { log, send, signal, changed } = this.#context;
    log.info(`Asking for another sign-in method: ${describeError(problem)}`);
    this.#current = undefined;
    this.#shown = { stage: "waitingForChoice", failed };
    changed();
    return new Promise((answer) => send({ type: "chooseFlow", problem, signal, answer }));
  }

  #start(name: FlowName): Promise<RunningFlow> {
    const starting = this.#permitted
      .then(() => startFlow(name, this.#context))
      .then((flow) => {
        this.#running.set(name, flow);
        flow.answer.then(this.#answer.resolve, (error) => void this.#onFailure(name, flow, error));
        return flow;
      });
    this.#starting.set(name, starting);
    starting.catch(() => this.#starting.delete(name));
    return starting;
  }

  #setCurrent(flow: RunningFlow): void {
    this.#current = flow;
    this.#context.changed();
  }

  /** The attempt goes on where another flow can still bring the answer, unless the issuer has answered. */
  async #onFailure(name: FlowName, flow: RunningFlow, error: unknown): Promise<void> {
    const { log, send, signal } = this.#context;
    if (signal.aborted) return;
    this.#starting.delete(name);
    this.#running.delete(name);
    flow.dispose();
    const isFinal = isProblem(error, ...finalProblems);
    // A flow that is starting may still bring the answer.
    if (!isFinal) await Promise.allSettled(this.#starting.values());
    if (signal.aborted) return;
    const [other] = this.#running.values();
    if (isFinal || !other) {
      this.#answer.reject(error);
      return;
    }
    log.warn(`A sign-in method failed: ${describeError(error)}`);
    if (this.#current === flow) this.#setCurrent(other);
    send({ type: "flowFailed", error });
  }
}

/** What the issuer has answered for the whole attempt: no other flow would bring anything else. */
const finalProblems = ["accessDenied", "noEntitlement", "issuerError", "missingCode", "timedOut"] as const;
