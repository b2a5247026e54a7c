import { join } from "node:path";
import type { Clock } from "../platform/clock.ts";
import { WordedProblem } from "../shared/problem.ts";
import {
  type AppServerResult,
  type CliLogin,
  CodexAppServer,
  describeAppServerFailure,
} from "./appServer/appServer.ts";
import {
  describeCodexNotFound,
  environmentToStart,
  type FindCodexResult,
  findCodex,
  liesInAny,
} from "./appServer/findCodex.ts";
import { type CodexHome, findCodexHome } from "./authFile/codexHome.ts";

export interface CodexCliDependencies {
  clock: Clock;
  /** Our version, which the CLI names to the service. */
  version: string;
  environment: Readonly<Record<string, string | undefined>>;
  userHome: string;
  /** The setting; empty means: look on PATH. */
  codexPath: () => string;
  workspaceFolders: () => readonly string[];
}

/** An answer is waited for this long, ms: with its end, a CLI that hangs has failed within 10 s. */
const answerMs = 8_000;

const insideWorkspace =
  "The linked login lies in an open folder, where the Codex CLI is not started. Close that folder, or link the login elsewhere.";

/** The Codex CLI that is installed here, if one is. */
export class CodexCli {
  readonly #dependencies: CodexCliDependencies;
  readonly #servers = new Map<string, { server: CodexAppServer; command: string }>();

  constructor(parts: CodexCliDependencies) {
    this.#dependencies = parts;
  }

  /** The folder it keeps its login in, as a terminal opened by this VS Code would have it. */
  home(): Promise<CodexHome> {
    return findCodexHome(this.#dependencies.environment, this.#dependencies.userHome);
  }

  find(): Promise<FindCodexResult> {
    const { environment, codexPath, workspaceFolders } = this.#dependencies;
    return findCodex({ configuredPath: codexPath(), environment, workspaceFolders: workspaceFolders() });
  }

  /**
   * Whether the CLI may be started as one that lives in this folder, whose config.toml can name programs to run: not
   * in a folder that is open in the editor and may come from strangers, unless it is the CLI's own.
   */
  async mayLiveIn(codexHome: string): Promise<boolean> {
    const home = await this.home();
    if (home.status === "found" && home.path === codexHome) return true;
    return !(await liesInAny(codexHome, this.#dependencies.workspaceFolders()));
  }

  /**
   * The CLI as one that lives in this folder.
   * @throws WordedProblem when none is installed, or it may not live there
   */
  async at(codexHome: string): Promise<CodexAppServer> {
    if (!(await this.mayLiveIn(codexHome))) throw new WordedProblem(insideWorkspace);
    const found = await this.find();
    if (found.status !== "found") throw new WordedProblem(describeCodexNotFound(found.status), found.status);
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
   * Its access token, wherever it keeps it; undefined when it is not signed in with ChatGPT.
   * @throws WordedProblem
   */
  async accessToken(codexHome: string): Promise<string | undefined> {
    return answerOf(await (await this.at(codexHome)).accessTokenFromCli());
  }

  /**
   * Lets it sign in for itself.
   * @throws WordedProblem
   */
  async startLogin(codexHome: string): Promise<CliLogin> {
    return answerOf(await (await this.at(codexHome)).startLogin());
  }

  /** Resolves when the CLI of this folder refreshes nothing any more, not even after a question that was given up. */
  async settled(codexHome: string): Promise<void> {
    await this.#servers.get(codexHome)?.server.settled();
  }

  /** Resolves when no refresh is under way any more; then ends what still runs. */
  async dispose(): Promise<void> {
    for (const { server } of this.#servers.values()) {
      await server.settled();
      server.dispose();
    }
  }

  /**
   * `CODEX_HOME` must exist, so it is not set for the usual folder, which the CLI makes itself. `CODEX_ACCESS_TOKEN`
   * would stand before the login that is asked for.
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

/** @throws WordedProblem */
function answerOf<T>(result: AppServerResult<T>): T {
  if (result.ok) return result.value;
  throw new WordedProblem(describeAppServerFailure(result.failure), result.failure);
}
