import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const leftovers = new Set<() => void>();

/**
 * Runs `cleanUp` (synchronously) when this process ends, also by Ctrl-C or SIGTERM.
 * @returns a function that cancels it
 */
function beforeExit(cleanUp: () => void): () => void {
  if (leftovers.size === 0) armOnce();
  leftovers.add(cleanUp);
  return () => leftovers.delete(cleanUp);
}

let armed = false;
function armOnce(): void {
  if (armed) return;
  armed = true;
  process.on("exit", () => {
    // Newest first: processes end before their folders are removed.
    for (const cleanUp of [...leftovers].reverse()) cleanUp();
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // A program with its own handler ends by itself; any other one has to reach "exit".
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}

/** Creates a temporary folder, which is removed by `remove()`, at the latest when this process ends. */
export function temporaryDirectory(prefix = "chatgpt-sign-in-"): { path: string; remove(): Promise<void> } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  const forget = beforeExit(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      forget();
    },
  };
}

/** A child process whose descendants end with it. */
export interface ProcessTree {
  readonly child: ChildProcess;
  /** Everything written to stdout and stderr so far. */
  output(): string;
  /** Settles when the child has ended. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Ends the child and all its descendants: with SIGTERM, and after 3 s with SIGKILL. */
  stop(): Promise<void>;
}

/** Starts a program in a new process group, without stdin, and collects its output. */
export function startProcessTree(command: string, args: readonly string[], options: SpawnOptions): ProcessTree {
  const child = spawn(command, args, { ...options, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("error", (error) => {
      output += `${error.message}\n`;
      resolve(127);
    });
    child.once("close", (code, signal) => resolve(code ?? signal ?? 1));
  });
  const forget = beforeExit(() => signalGroup(child, "SIGKILL"));
  // The group's other members may outlive the child, so only stop() cancels this, once the group is empty.
  const stop = async () => {
    for (let waited = 0; signalGroup(child, waited < 3000 ? "SIGTERM" : "SIGKILL"); waited += 50) await delay(50);
    await ended;
    forget();
  };
  return { child, output: () => output, ended, stop };
}

/** Sends a signal to the group of `child`; false when the group is empty. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): boolean {
  if (child.pid === undefined) return false;
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch {
    return false;
  }
}
