import { EventEmitter } from "node:events";
import type { CodexLogin } from "./codexLogin.ts";
import type { FaultKind, Faults } from "./faults.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

export interface AppServerDependencies {
  readonly world: World;
  readonly faults: Faults;
  readonly process: Process;
  /** Who has started it. */
  readonly window: Process;
  readonly login: CodexLogin;
  /** Takes the persons whose refresh token it says is not accepted. */
  readonly refused: Set<string>;
}

interface Request {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly refreshToken?: boolean };
}

const faultKinds: readonly FaultKind[] = ["cliDies", "cliHangs", "cliSlow", "cliRefuses"];
/** How long it takes from its start to its first answer, ms. */
const startMs = 300;

/** A running `codex app-server`: JSON-RPC over its streams, one object a line. Its input's end is its end. */
export class AppServer {
  readonly window: Process;
  /** As its parent sees it. */
  readonly child;
  readonly #dependencies: AppServerDependencies;
  #work: Promise<void>;
  #exitCode: number | null = null;

  constructor(dependencies: AppServerDependencies) {
    this.#dependencies = dependencies;
    const { process, window, world, faults } = dependencies;
    this.window = window;
    const stdin = Object.assign(new EventEmitter(), {
      write: (text: string) => this.#receive(text),
      end: () => void world.after(1, () => this.inputEnds()),
    });
    this.child = Object.assign(new EventEmitter(), {
      ...{ pid: process.pid, stdin, stdout: new EventEmitter() },
      kill: () => world.end(process),
    });
    this.#work = world.in(process, async () => {
      if (faults.draw(`${process.name} begins`, ["cliGreets"])) this.#say("Now using node v24\n");
      await pause(startMs * (1 + world.random.next()));
    });
  }

  inputEnds(): void {
    this.#exit(0);
  }

  /** Its parent hears that it has ended. */
  ended(): void {
    const { world, window } = this.#dependencies;
    const tell = () => {
      this.child.emit("exit", this.#exitCode);
      this.child.stdout.emit("end");
      this.child.emit("close", this.#exitCode);
    };
    world.after(1 + world.random.next(), tell, window);
  }

  #exit(code: number): void {
    this.#exitCode = code;
    this.#dependencies.world.end(this.#dependencies.process);
  }

  #receive(text: string): void {
    const { world, process } = this.#dependencies;
    const request = JSON.parse(text) as Request;
    const answer = () => {
      this.#work = this.#work.then(() => this.#answer(request));
    };
    world.after(0.5 + world.random.next(), answer, process);
  }

  async #answer({ id, method = "", params }: Request): Promise<void> {
    if (id === undefined) return;
    const { faults, process } = this.#dependencies;
    const fault = faults.draw(`${process.name} answers ${method}`, faultKinds);
    if (fault === "cliDies") return this.#exit(1);
    if (fault === "cliHangs") return new Promise(() => {});
    if (fault === "cliSlow") await pause(3_000 + 20_000 * faults.chance(`${process.name} ${method}`));
    if (fault === "cliRefuses") return this.#send({ id, error: { code: -32603, message: "refused" } });
    const result = await this.#resultOf(method, params?.refreshToken === true);
    this.#send(result ? { id, result } : { id, error: { code: -32601, message: "Method not found" } });
  }

  async #resultOf(method: string, mayRefresh: boolean): Promise<object | undefined> {
    if (method === "initialize") return { userAgent: "chatgpt-sign-in/0.169.0" };
    if (method === "config/read") return { config: {}, origins: {} };
    if (method === "account/read") return { account: await this.#account(mayRefresh) };
    if (method !== "getAuthStatus") return undefined;
    const { login } = this.#dependencies;
    await login.use();
    const authToken = (await login.read())?.tokens.access_token ?? null;
    return { authMethod: authToken && "chatgpt", authToken };
  }

  async #account(mayRefresh: boolean): Promise<object | null> {
    const { login, refused } = this.#dependencies;
    const isAccepted = !mayRefresh || (await login.refresh());
    const person = (await login.read())?.tokens.refresh_token.split("_")[1];
    if (!isAccepted && person !== undefined) refused.add(person);
    if (!isAccepted || person === undefined) return null;
    return { type: "chatgpt", email: `${person}@example.com`, planType: "plus" };
  }

  #send(message: object): void {
    this.#say(`${JSON.stringify(message)}\n`);
  }

  #say(text: string): void {
    const { world, window, process } = this.#dependencies;
    if (!process.isAlive) return;
    world.log(`${process.name} says ${text.length > 90 ? `${text.slice(0, 90)}…` : text.trim()}`);
    const tell = () => this.child.stdout.emit("data", Buffer.from(text));
    world.after(0.5 + world.random.next() / 2, tell, window);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
