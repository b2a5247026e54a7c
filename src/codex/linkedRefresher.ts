import type { CodexLink, LinkedCredential, LoginTokens } from "../account/credential.ts";
import type { RefreshedTokens, TokenRefresher } from "../account/tokenRefresher.ts";
import { RefreshRejected } from "../oauth/tokenEndpoint.ts";
import type { Lock } from "../platform/lock.ts";
import { Problem } from "../shared/problem.ts";
import type { CodexAppServer } from "./appServer/appServer.ts";
import { authFilePath } from "./authFile/codexHome.ts";
import { authFileAt } from "./authFile/contents.ts";
import type { CodexCli } from "./codexCli.ts";
import type { FileRefresher } from "./fileRefresher.ts";
import { keyringTokens, linkedTokens } from "./login.ts";
import { appServerProblem } from "./problems.ts";

export interface LinkedRefresherDependencies {
  cli: CodexCli;
  fileRefresher: FileRefresher;
  lock: Lock;
}

/**
 * Refreshes linked accounts by asking the Codex CLI: its refresh token is not kept here. Only where the person chose so
 * (`refreshHere`) and no Codex CLI is installed, the token in its file is used.
 */
export class LinkedRefresher implements TokenRefresher<LinkedCredential> {
  readonly #dependencies: LinkedRefresherDependencies;
  /** Refreshes under way, also those that are no longer waited for while the Codex CLI still runs. */
  readonly #running = new Set<Promise<void>>();

  constructor(dependencies: LinkedRefresherDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Resolves with the tokens that the owner of a linked login has now.
   * @throws RefreshRejected when the Codex CLI has to sign in again; Problem for what may pass
   */
  async refresh(credential: LinkedCredential): Promise<RefreshedTokens<LinkedCredential>> {
    const { lock, cli } = this.#dependencies;
    const outcome = Promise.withResolvers<LoginTokens>();
    // Two processes of the Codex CLI that refresh together use the same token, which ends the login: the lock is held
    // until the Codex CLI is done, even when its answer is no longer waited for.
    const running = lock
      .hold("codex-cli", async () => {
        await this.#refreshNow(credential).then(outcome.resolve, outcome.reject);
        await cli.settled(credential.link.codexHome);
      })
      .catch(outcome.reject)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return { tokens: await outcome.promise };
  }

  /** Resolves when no refresh is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #refreshNow(credential: LinkedCredential): Promise<LoginTokens> {
    const { cli, fileRefresher } = this.#dependencies;
    const { link } = credential;
    const seen = credential.tokens.accessToken;
    const current = await this.#tokensNow(link);
    if (current && current.accessToken !== seen) return current;
    const found = await cli.find();
    if (found.status === "notFound" && link.refreshHere && link.store === "file") {
      return fileRefresher.refresh(authFilePath(link.codexHome), credential);
    }
    const accessToken = await askToRefresh(await cli.at(link.codexHome), link.store);
    if (accessToken === seen) throw new Problem("linkedNotRefreshed", "the same access token");
    const file = link.store === "file" ? await tokensInFile(link) : undefined;
    return file?.accessToken === accessToken ? file : keyringTokens(accessToken);
  }

  /** The tokens that the Codex CLI has now; undefined where they cannot be read. */
  async #tokensNow(link: CodexLink): Promise<LoginTokens | undefined> {
    if (link.store === "file") return tokensInFile(link);
    const accessToken = await this.#dependencies.cli.accessTokenInTurn(link.codexHome);
    return accessToken === undefined ? undefined : keyringTokens(accessToken);
  }
}

/** The access token that the Codex CLI has after it was asked to refresh. */
async function askToRefresh(server: CodexAppServer, store: CodexLink["store"]): Promise<string> {
  const result = await server.refreshThroughCli();
  if (!result.ok) throw appServerProblem(result.failure);
  const { account, accessToken } = result.value;
  if (accessToken === undefined) {
    // With a mistake in its config.toml, the Codex CLI looks for its login in its file only (seen with 0.169).
    const looksInStore = store === "file" || (await server.configuration()).ok;
    if (!looksInStore) throw new Problem("linkedLoginNotFound", "its configuration could not be read");
    throw new RefreshRejected("revoked", "the Codex CLI is signed out");
  }
  if (!account) throw new RefreshRejected("rejected", "the Codex CLI has to sign in again");
  return accessToken;
}

async function tokensInFile({ codexHome }: CodexLink): Promise<LoginTokens | undefined> {
  const file = await authFileAt(authFilePath(codexHome));
  return file?.tokens && linkedTokens(file.tokens);
}
