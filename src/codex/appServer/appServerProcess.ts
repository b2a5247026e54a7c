import type { ChildProcess } from "node:child_process";
import type { Clock } from "../../platform/clock.ts";
import type { Disposable } from "../../platform/disposables.ts";
import { parseJson } from "../../platform/json.ts";
import type { CodexCommand } from "./findCodex.ts";
import { readLines } from "./lineReader.ts";
import { killTree, startTree } from "./processTree.ts";

/** Why the Codex CLI gave no answer. */
export type AppServerFailure = "notFound" | "hung" | "died" | "tooOld" | "rubbish" | "refused" | "cancelled";

export class AppServerError extends Error {
  override readonly name = "AppServerError";
  readonly failure: AppServerFailure;

  constructor(failure: AppServerFailure) {
    super(failure);
    this.failure = failure;
  }
}

export interface AppServerProcessOptions {
  readonly codex: CodexCommand;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

type Message = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: AppServerError) => void;
}

/** Far above the answers that are asked for here, which have a few KB. */
const longestLineBytes = 1024 * 1024;
const exitGraceMs = 1000;
/** How many lines it may print before its first answer, and how long after the first line it must answer, ms. */
const longestGreeting = 100;
const greetingMs = 6_000;
/** With another model provider in its config.toml, the Codex CLI answers that it is signed out (seen with 0.169). */
const ownProvider = ["-c", 'model_provider="openai"'];

/**
 * A running `codex app-server`: JSON-RPC 2.0 over its standard streams, one object a line, without the member `jsonrpc`
 * (seen with Codex CLI 0.169). Once it has failed, every request fails in the same way. Its stderr is discarded.
 */
export class AppServerProcess {
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(method: string, params: unknown) => void>();
  #lastId = 0;
  #failure: AppServerFailure | undefined;
  #spoke = false;
  /** Lines before its first answer that are no messages: version managers and wrappers print such greetings. */
  #greetings = 0;
  #greeting: Disposable | undefined;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;

  constructor(options: AppServerProcessOptions) {
    this.#clock = options.clock;
    const child = startTree(options.codex, ["app-server", ...ownProvider], options);
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once("error", () => {
        this.#fail("notFound");
        if (child.pid === undefined) resolve();
      });
      child.once("exit", (code) => {
        this.#greeting?.dispose();
        // What it started may still run, and keep its pipes open.
        killTree(child);
        resolve();
        // Its last lines may still be in the pipe, which a surviving grandchild might keep open.
        const timer = this.#clock.after(100, () => this.#fail(this.#endedAs(code)));
        child.once("close", () => {
          timer.dispose();
          this.#fail(this.#endedAs(code));
        });
      });
    });
    // "exit" reports the end of the reader.
    child.stdin?.on("error", () => undefined);
    if (child.stdout) {
      readLines(
        child.stdout,
        longestLineBytes,
        (line) => this.#receive(line),
        () => this.#fail("rubbish"),
      );
    }
  }

  get failure(): AppServerFailure | undefined {
    return this.#failure;
  }

  /** Whether it has answered anything. */
  get spoke(): boolean {
    return this.#spoke;
  }

  /** Sends a request. @throws AppServerError */
  request(method: string, params: object): Promise<unknown> {
    if (this.#failure) return Promise.reject(new AppServerError(this.#failure));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { method, resolve, reject });
      this.#send({ id, method, params });
    });
  }

  notify(method: string): void {
    this.#send({ method });
  }

  /** Called for each notification, until the process ends. */
  onNotification(listener: (method: string, params: unknown) => void): void {
    this.#listeners.add(listener);
  }

  /** Closes its input, which ends it. Kills it and all it started if it has not ended after a second. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    const timer = this.#clock.after(exitGraceMs, () => killTree(this.#child));
    await this.ended;
    timer.dispose();
  }

  /** Kills it and all it started. */
  kill(): void {
    this.#fail("cancelled");
    killTree(this.#child);
  }

  #send(message: Message): void {
    if (!this.#failure) this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  #receive(line: string): void {
    const message = parseMessage(line);
    if (!message) this.#receiveGreeting();
    else if (typeof message.method === "string") this.#receiveCall(message.method, message);
    else this.#receiveAnswer(message);
  }

  /** A line that is no message. */
  #receiveGreeting(): void {
    this.#greetings += 1;
    if (this.#spoke || this.#greetings > longestGreeting) this.#fail("rubbish");
    // A program that never says anything else is not the Codex CLI.
    this.#greeting ??= this.#clock.after(greetingMs, () => {
      if (!this.#spoke) this.#fail("rubbish");
    });
  }

  /** A notification, or a request to us. */
  #receiveCall(method: string, { id, params }: Message): void {
    if (id === undefined) {
      for (const listener of this.#listeners) listener(method, params);
    } else if (!this.#spoke) {
      // A program that sends our own words back.
      this.#fail("rubbish");
    } else {
      // We offer nothing. Without an answer it might wait.
      this.#send({ id, error: { code: -32601, message: "Method not found" } });
    }
  }

  #receiveAnswer(message: Message): void {
    const id = Number(message.id);
    const waiting = typeof message.id === "number" ? this.#waiting.get(id) : undefined;
    if (!waiting) return;
    this.#waiting.delete(id);
    this.#spoke = true;
    if ("result" in message) waiting.resolve(message.result);
    else waiting.reject(new AppServerError(isUnknownMethod(message.error, waiting.method) ? "tooOld" : "refused"));
  }

  #endedAs(code: number | null): AppServerFailure {
    // A Codex CLI without this subcommand ends with the exit code of a usage error before it has answered anything.
    if (code === 2 && !this.#spoke) return "tooOld";
    return this.#greetings > 0 && !this.#spoke ? "rubbish" : "died";
  }

  #fail(failure: AppServerFailure): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.values()) reject(new AppServerError(this.#failure));
    this.#waiting.clear();
  }
}

function parseMessage(line: string): Message | undefined {
  const value = parseJson(line);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Message) : undefined;
}

/** -32601 is JSON-RPC's own code; Codex CLI 0.169 answers -32600, "Invalid request: unknown variant `…`". */
function isUnknownMethod(error: unknown, method: string): boolean {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  if (error.code === -32601) return true;
  const message = "message" in error && typeof error.message === "string" ? error.message : "";
  return error.code === -32600 && message.includes(`unknown variant \`${method}\``);
}
