import { playing } from "./playing.ts";
import type { Process } from "./process.ts";
import { World } from "./world.ts";

type Callback = (...args: unknown[]) => void;

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  Date: globalThis.Date,
  random: Math.random,
  pid: process.pid,
  kill: process.kill.bind(process),
  now: performance.now.bind(performance),
};

/** At one time, timers fire in the order in which they were set; `setImmediate` comes after all that is due. */
const timerRank = 0.5;
const immediateRank = 2;

/** A timer of the world, with what code may call on one of Node's. */
export class WorldTimer {
  #stop: () => void;

  constructor(world: World, process: Process, ms: number, run: () => void, rank: number, repeats = false) {
    this.#stop = () => {};
    const start = () => {
      const event = world.after(
        ms,
        () => {
          if (repeats) start();
          run();
        },
        process,
        rank,
      );
      this.#stop = () => world.cancel(event);
    };
    start();
  }

  close(): this {
    this.#stop();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

/** The world and the process that the running code belongs to; undefined for the simulator's own code. */
function here(): { world: World; process: Process } | undefined {
  const process = World.process;
  return process && playing.world ? { world: playing.world, process } : undefined;
}

function timerFor(callback: Callback, ms: number, args: unknown[], rank: number, repeats = false) {
  const at = here();
  return at && new WorldTimer(at.world, at.process, ms, () => callback(...args), rank, repeats);
}

function clear(clearReal: (timer: never) => void) {
  return (timer: unknown) => (timer instanceof WorldTimer ? timer.close() : clearReal(timer as never));
}

/** Time and chance belong to the world for code that runs in one of its processes, and to Node for everybody else. */
export function patchGlobals(): void {
  class WorldDate extends real.Date {
    constructor(...given: [] | [number | string]) {
      const at = given.length === 0 ? here() : undefined;
      super(...((at ? [at.world.wallTime] : given) as [number]));
    }

    static override now(): number {
      return Math.floor(here()?.world.wallTime ?? real.Date.now());
    }
  }
  const least = (ms: number | undefined) => Math.max(1, Math.floor(ms || 1));
  Object.assign(globalThis, {
    Date: WorldDate,
    setTimeout: (callback: Callback, ms?: number, ...args: unknown[]) =>
      timerFor(callback, least(ms), args, timerRank) ?? real.setTimeout(callback, ms, ...args),
    setInterval: (callback: Callback, ms?: number, ...args: unknown[]) =>
      timerFor(callback, least(ms), args, timerRank, true) ?? real.setInterval(callback, ms, ...args),
    setImmediate: (callback: Callback, ...args: unknown[]) =>
      timerFor(callback, 0, args, immediateRank) ?? real.setImmediate(callback, ...args),
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
    clearImmediate: clear(real.clearImmediate),
  });
  Math.random = () => here()?.world.random.next() ?? real.random();
  Object.defineProperty(process, "pid", { get: () => here()?.process.pid ?? real.pid });
  process.kill = (pid, signal) => {
    const at = here();
    if (!at) return real.kill(pid, signal);
    const target = at.world.processes.get(Math.abs(pid));
    if (target?.isAlive !== true) throw Object.assign(new Error("ESRCH"), { code: "ESRCH" });
    if (signal !== 0) at.world.end(target);
    return true;
  };
  // Root has to look at owners of files, of which there is one here.
  const realUser = process.geteuid?.bind(process);
  if (realUser) process.geteuid = () => (here() ? 1000 : realUser());
  performance.now = () => {
    const at = here();
    return at ? at.world.now - at.process.startedAt : real.now();
  };
}
