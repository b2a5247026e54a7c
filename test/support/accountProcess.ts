import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { WorkerOrder, WorkerReport, WorkerSetup } from "./accountWorker.ts";

const program = fileURLToPath(new URL("accountWorker.ts", import.meta.url));

/** A window in a process of its own. */
export class AccountProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, "exit");
  }

  /** Resolves when the process waits for orders. @param file the worker's program, where it has been bundled */
  static async start(setup: WorkerSetup, file = program): Promise<AccountProcess> {
    const child = fork(file, [JSON.stringify(setup)], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const process = new AccountProcess(child);
    const ended = process.#exited.then(() => Promise.reject(new Error("the worker ended before it was ready")));
    await Promise.race([once(child, "message"), ended]);
    ended.catch(() => {});
    return process;
  }

  async ask(order: WorkerOrder): Promise<WorkerReport> {
    const answer = once(this.#child, "message");
    this.#child.send(order);
    const [report] = (await answer) as [WorkerReport];
    return report;
  }

  /** Gives the order and does not wait for what comes of it. */
  order(order: WorkerOrder): void {
    this.#child.send(order);
  }

  /** SIGKILL: nothing in the process can prepare for it. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }
}
