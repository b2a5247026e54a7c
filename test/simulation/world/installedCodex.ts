import { EventEmitter } from "node:events";
import { AppServer } from "./appServer.ts";
import { CodexLogin, codexHome } from "./codexLogin.ts";
import type { Faults } from "./faults.ts";
import type { Issuer } from "./issuer.ts";
import type { Process } from "./process.ts";
import type { SharedFolder } from "./sharedFolder.ts";
import { World } from "./world.ts";

/** Where the Codex CLI is installed, and the PATH of every window. */
const folderOfProgram = "/usr/bin";
const program = `${folderOfProgram}/codex`;
export const codexEnvironment = { PATH: folderOfProgram };

interface CodexDependencies {
  readonly world: World;
  readonly faults: Faults;
  readonly folder: SharedFolder;
  readonly issuer: Issuer;
}

/** The Codex CLI of this computer: started by windows, and used in a terminal. */
export class InstalledCodex {
  /** Those whose login one of its processes has said to be over. */
  readonly refused = new Set<string>();
  readonly login: CodexLogin;
  readonly #dependencies: CodexDependencies;
  readonly #counts = new Map<string, number>();
  readonly #children = new Map<Process, AppServer>();

  constructor(dependencies: CodexDependencies) {
    this.#dependencies = dependencies;
    const { world, folder, issuer } = dependencies;
    this.login = new CodexLogin(world, folder, issuer);
    folder.place(`${codexHome}/config.toml`, "");
    this.install();
  }

  get isInstalled(): boolean {
    return this.#dependencies.folder.items.has(program);
  }

  install(): void {
    this.#dependencies.folder.place(program, "");
  }

  uninstall(): void {
    this.#dependencies.folder.take(program);
  }

  /** A window starts `codex app-server`. @returns what Node's `spawn` does, as far as it is used */
  spawn(command: string) {
    const { world, faults, folder } = this.#dependencies;
    const window = World.process;
    if (!window) throw new Error("Only a window starts the Codex CLI");
    const name = this.#nameFor(`${window.name}.cli`);
    if (faults.draw(`${window.name} starts codex`, ["cliNotStarted"]) || !folder.items.has(command)) {
      const child = Object.assign(new EventEmitter(), { pid: undefined, kill: () => {} });
      world.after(1, () => child.emit("error", new Error("ENOENT")), window);
      return child;
    }
    const process = world.start(name);
    const server = new AppServer({ world, faults, process, window, login: this.login, refused: this.refused });
    this.#children.set(process, server);
    return server.child;
  }

  /** Runs something in a process of the Codex CLI that a person has started in a terminal. */
  inTerminal(work: (login: CodexLogin) => Promise<void>): { process: Process; done: Promise<void> } {
    const { world } = this.#dependencies;
    const process = world.start(this.#nameFor("cli"));
    const done = world.in(process, () => work(this.login));
    void done.then(
      () => world.end(process),
      () => world.end(process),
    );
    return { process, done };
  }

  /** A process has ended: the input of those that it has started ends, and who has started it hears of its end. */
  onEnd(process: Process): void {
    this.#children.get(process)?.ended();
    this.#children.delete(process);
    for (const server of this.#children.values()) if (server.window === process) server.inputEnds();
  }

  #nameFor(prefix: string): string {
    const count = (this.#counts.get(prefix) ?? 0) + 1;
    this.#counts.set(prefix, count);
    return `${prefix}${count}`;
  }
}
