import { AsyncLocalStorage } from "node:async_hooks";
import { EventQueue, type QueuedEvent } from "./eventQueue.ts";
import type { Process } from "./process.ts";
import { hashOf, Random } from "./random.ts";

/** The world gave up: something goes on without end. */
export class EndlessActivity extends Error {
  override readonly name = "EndlessActivity";
}

/** The most that a story may do, in events; ordinary ones need a few thousand. */
const mostEvents = 400_000;

const processes = new AsyncLocalStorage<Process>();
// Taken before anything is patched.
const turn = setImmediate;

/** When every story begins: milliseconds since 1970. */
export const firstMoment = Date.UTC(2026, 10, 1);

/**
 * Virtual time and everything that happens in it: one queue of events, ordered by time and, at the same time, by chance.
 * Between two events everything runs that the first one has set in motion.
 */
export class World {
  readonly seed: number;
  /** Milliseconds since the story began, without the time that the computer slept. */
  now = 0;
  /** For how long the computer has slept, and how far its wall clock was moved, ms. */
  slept = 0;
  jumped = 0;
  readonly lines: string[] = [];
  readonly isVerbose: boolean;
  /** Called with a process that was killed or closed. */
  onEnd: (process: Process) => void = () => {};
  /** What nobody has handled. */
  readonly unhandled: unknown[] = [];
  events = 0;
  readonly random: Random;
  /** All that were ever started, by their numbers. */
  readonly processes = new Map<number, Process>();
  readonly #queue = new EventQueue();

  constructor(seed: number, isVerbose = false) {
    this.seed = seed;
    this.isVerbose = isVerbose;
    this.random = new Random(hashOf(`${seed} chance`));
  }

  /** The process whose code is running. */
  static get process(): Process | undefined {
    return processes.getStore();
  }

  /** Milliseconds since 1970, as everybody but this computer knows it. */
  get trueTime(): number {
    return firstMoment + this.now + this.slept;
  }

  /** Milliseconds since 1970, as this computer's clock shows it. */
  get wallTime(): number {
    return this.trueTime + this.jumped;
  }

  log(line: string): void {
    if (!this.isVerbose) return;
    this.lines.push(`${(this.now / 1000).toFixed(3).padStart(11)} s  ${line}`);
  }

  start(name: string): Process {
    const pid = 1_000 + this.processes.size;
    const process: Process = { name, pid, startedAt: this.now, isAlive: true, endedAt: undefined, fuse: undefined };
    this.processes.set(pid, process);
    return process;
  }

  /** Ends a process between two of its steps. */
  end(process: Process): void {
    if (!process.isAlive) return;
    process.isAlive = false;
    process.endedAt = this.now;
    this.onEnd(process);
  }

  /** Runs code as a process does. */
  in<T>(process: Process, work: () => T): T {
    return processes.run(process, work);
  }

  /** Runs code of nobody's. */
  outside<T>(work: () => T): T {
    return processes.exit(work);
  }

  /** Lets something happen in a process, or to nobody in particular, after some time. */
  after(ms: number, run: () => void, process?: Process, rank = this.random.next()): QueuedEvent {
    return this.#queue.add({ time: this.now + Math.max(0, ms), rank, process, run });
  }

  cancel(event: QueuedEvent): void {
    this.#queue.cancel(event);
  }

  /** Counts a call of the world by a process. False when the process has ended, perhaps with this call. */
  counts(process: Process): boolean {
    if (!process.isAlive) return false;
    if (process.fuse === undefined) return true;
    process.fuse -= 1;
    if (process.fuse >= 0) return true;
    this.log(`${process.name} is killed`);
    this.end(process);
    return false;
  }

  /**
   * A call of the world by the running process. `act` takes effect after half of the time, also when its process has ended
   * since; the answer comes after the other half, to a living process only. A call of `act` that throws rejects.
   */
  call<T>(ms: number, act: () => T, answerMs: number | undefined = ms): Promise<T> {
    const process = World.process;
    if (!process) throw new Error("Only a process calls the world");
    return new Promise<T>((resolve, reject) => {
      if (!this.counts(process)) return;
      this.after(ms / 2, () => {
        const answer = attempt(act);
        const tell = () => ("value" in answer ? resolve(answer.value) : reject(answer.error));
        this.after(answerMs / 2, tell, process);
      });
    });
  }

  /** Lets everything happen until a time, or until `isDone`. */
  async run(until: number, isDone: () => boolean = () => false): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => turn(resolve));
      if (isDone()) return;
      const event = this.#queue.take(until);
      if (!event) break;
      this.now = Math.max(this.now, event.time);
      const { process, run } = event;
      if (process && !process.isAlive) continue;
      this.events += 1;
      if (this.events > mostEvents) throw new EndlessActivity();
      if (process) processes.run(process, run);
      else run();
    }
    this.now = Math.max(this.now, until);
  }
}

function attempt<T>(act: () => T): { value: T } | { error: unknown } {
  try {
    return { value: act() };
  } catch (error) {
    return { error };
  }
}
