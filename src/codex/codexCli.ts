import { join } from "node:path";
import type { Clock } from "../platform/clock.ts";
import type { Lock } from "../platform/lock.ts";
import { Problem } from "../shared/problem.ts";
import { type AppServerResult, type CliLogin, CodexAppServer } from "./appServer/appServer.ts";
import { environmentToStart, type FindCodexResult, findCodex, liesInAny } from "./appServer/findCodex.ts";
import { type CodexHome, findCodexHome } from "./authFile/codexHome.ts";
import { appServerProblem, notFoundProblem } from "./problems.ts";

export interface CodexCliDependencies {
  lock: Lock;
  clock: Clock;
  /** Our version, which the Codex CLI names to the service. */
  version: string;
  environment: Readonly<Record<string, string | undefined>>;
  userHome: string;
  /** The setting; empty means: look on PATH. */
  codexPath: () => string;
  workspaceFolders: () => readonly string[];
}

/** How long an answer may take, ms. With the time to end it, a Codex CLI that hangs has failed within 10 s. */
const answerMs = 8_000;

/** The Codex CLI that is installed here, if one is. */
export class CodexCli {
  readonly #dependencies: CodexCliDependencies;
  readonly #servers = new Map<string, { server: CodexAppServer; command: string }>();

  constructor(dependencies: CodexCliDependencies) {
    this.#dependencies = dependencies;
  }

  /** The folder where it keeps its login, as in a terminal of this VS Code. */
  home(): Promise<CodexHome> {
    return findCodexHome(this.#dependencies.environment, this.#dependencies.userHome);
  }

  /** How it is started, if it is installed. */
  find(): Promise<FindCodexResult> {
    const { environment, codexPath, workspaceFolders } = this.#dependencies;
    return findCodex({ configuredPath: codexPath(), environment, workspaceFolders: workspaceFolders() });
  }

  /**
   * Whether the Codex CLI may be started with this folder as its home, whose config.toml can name programs to run. A
   * folder that is open in the editor may come from strangers, so it may be the home only if it is the Codex CLI's
   * anyway.
   */
  async mayUseHome(codexHome: string): Promise<boolean> {
    const home = await this.home();
    if (home.status === "found" && home.path === codexHome) return true;
    return !(await liesInAny(codexHome, this.#dependencies.workspaceFolders()));
  }

  /**
   * The Codex CLI with this folder as its home.
   * @throws Problem when none is installed, or the folder may not be its home
   */
  async at(codexHome: string): Promise<CodexAppServer> {
    if (!(await this.mayUseHome(codexHome))) throw new Problem("loginInsideWorkspace");
    const found = await this.find();
    if (found.status !== "found") throw notFoundProblem(found.status);
    const { clock, version, userHome, workspaceFolders } = this.#dependencies;
    const environment = await this.#environmentOf(codexHome);
    // Which folders are open decides over its environment too.
    const command = JSON.stringify([found.codex.command, ...found.codex.args, ...workspaceFolders()]);
    const known = this.#servers.get(codexHome);
    if (known?.command === command) return known.server;
    const server = new CodexAppServer({
      codex: found.codex,
      cwd: userHome,
      environment,
      version,
      clock,
      timeoutMs: answerMs,
    });
    this.#servers.set(codexHome, { server, command });
    return server;
  }

  /**
   * Its access token, from its file or the keyring; undefined when it is not signed in with ChatGPT. It may refresh a
   * login that is due, and two of its processes would use the same token then, which ends the login: so the lock over it
   * is held.
   * @throws Problem
   */
  accessToken(codexHome: string): Promise<string | undefined> {
    return this.#dependencies.lock.hold("codex-cli", async () => {
      try {
        return await this.accessTokenInTurn(codexHome);
      } finally {
        await this.settled(codexHome);
      }
    });
  }

  /** The same, to be called with the lock over the Codex CLI held until `settled()`. */
  async accessTokenInTurn(codexHome: string): Promise<string | undefined> {
    return answerOf(await (await this.at(codexHome)).accessTokenFromCli());
  }

  /**
   * Starts a sign-in by the Codex CLI itself.
   * @throws Problem
   */
  async startLogin(codexHome: string): Promise<CliLogin> {
    return answerOf(await (await this.at(codexHome)).startLogin());
  }

  /**
   * Resolves when no refresh of the Codex CLI in this folder is under way, not even one that is no longer waited for.
   */
  async settled(codexHome: string): Promise<void> {
    await this.#servers.get(codexHome)?.server.settled();
  }

  /** Waits for every refresh, then ends what still runs. */
  async dispose(): Promise<void> {
    for (const { server } of this.#servers.values()) {
      await server.settled();
      server.dispose();
    }
  }

  /**
   * `CODEX_HOME` must exist, so it is not set for the usual folder, which the Codex CLI makes itself.
   * `CODEX_ACCESS_TOKEN` would be used instead of the login that is asked for.
   */
  async #environmentOf(codexHome: string): Promise<Readonly<Record<string, string | undefined>>> {
    const { environment, userHome, workspaceFolders } = this.#dependencies;
    const usual = join(userHome, ".codex");
    return {
      ...(await environmentToStart(environment, workspaceFolders())),
      CODEX_HOME: codexHome === usual ? undefined : codexHome,
      CODEX_ACCESS_TOKEN: undefined,
    };
  }
}

/** The value of an answer. @throws Problem */
function answerOf<T>(result: AppServerResult<T>): T {
  if (result.ok) return result.value;
  throw appServerProblem(result.failure);
}
