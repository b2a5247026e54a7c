import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { build } from "esbuild";
import type { WorkerOrder, WorkerReport, WorkerSetup } from "./accountWorker.ts";
import { projectPath } from "./projectRoot.ts";

/** Bundles the worker's program into `folder`, so that it starts in a third of the time. Resolves with its path. */
export async function bundleWorker(folder: string): Promise<string> {
  const outfile = join(folder, "worker.mjs");
  await build({
    entryPoints: [projectPath("test", "support", "accountWorker.ts")],
    outfile,
    ...{ bundle: true, platform: "node", format: "esm", minify: true, logLevel: "error" },
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  return outfile;
}

/** A window in another process. */
export class AccountProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, "exit");
  }

  /** Resolves when the process waits for orders. @param program as from `bundleWorker` */
  static async start(setup: WorkerSetup, program: string): Promise<AccountProcess> {
    const child = fork(program, [JSON.stringify(setup)], {
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

  /** Gives the order and does not wait for the outcome. */
  order(order: WorkerOrder): void {
    this.#child.send(order);
  }

  /** Ends the process with SIGKILL, which it cannot prepare for. Resolves when it has ended. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }
}
