import type { Accounts } from "../account/accounts.ts";
import { accountIdOf, type CodexLink, type Credential, claimsOf } from "../account/credential.ts";
import { RefreshRejected, type TokenSet } from "../oauth/tokenEndpoint.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { WordedProblem } from "../shared/problem.ts";
import { type CodexAppServer, describeAppServerFailure } from "./appServer/appServer.ts";
import { authFilePath, readCredentialsStore } from "./authFile/codexHome.ts";
import { type AuthFile, parseAuthFile } from "./authFile/parse.ts";
import { type AuthFileRead, readAuthFile } from "./authFile/read.ts";
import { watchAuthFile } from "./authFile/watch.ts";
import type { CodexCli } from "./codexCli.ts";
import type { FileRefresher } from "./fileRefresher.ts";
import { settleHandOff } from "./handOff.ts";
import { accountOf, linkedTokens } from "./login.ts";

export interface LinkedAccountsDependencies {
  accounts: Accounts;
  cli: CodexCli;
  fileRefresher: FileRefresher;
  lock: Lock;
  clock: Clock;
  log: Logger;
}

const notRenewed =
  "The Codex CLI could not renew its login for the moment. Nothing was lost; try again in a few minutes.";

const notFound =
  "The Codex CLI does not find its login, perhaps because of a mistake in its “config.toml”. Nothing was lost; correct what “codex login status” in a terminal says of it, then try again.";

/**
 * The accounts whose login belongs to the Codex CLI. Its file is followed, and it is asked to renew its login when
 * that is due: no refresh token of it is kept here, and none is spent unless the person chose so (`refreshHere`).
 */
export class LinkedAccounts {
  readonly #dependencies: LinkedAccountsDependencies;
  readonly #watches = new Map<string, { path: string; watch: Disposable | undefined }>();
  readonly #subscription: Disposable;
  /** Renewals under way, those too that were given up here while the CLI goes on. */
  readonly #renewals = new Set<Promise<void>>();
  /** Accounts whose hand-over to the CLI is being ended. */
  readonly #settling = new Map<string, Promise<void>>();
  #disposed = false;

  constructor(parts: LinkedAccountsDependencies) {
    this.#dependencies = parts;
    this.#subscription = parts.accounts.onDidChange(() => this.#follow());
    this.#follow();
  }

  /**
   * Renews a linked login by asking the CLI, for the Refresher.
   * @throws RefreshRejected when the CLI has to sign in again, WordedProblem for what may pass
   */
  refresh = (credential: Credential): Promise<Partial<TokenSet>> => {
    const { link } = credential;
    if (!link) return Promise.reject(new RefreshRejected("rejected", "a linked record without its link"));
    const outcome = Promise.withResolvers<Partial<TokenSet>>();
    // Two processes of the CLI that refresh together spend the same token, which ends the login: the lock is held
    // until the CLI is done, even when the answer is not waited for any more.
    const renewal = this.#dependencies.lock
      .hold("codex-cli", async () => {
        await this.#renew(link, credential, outcome).catch((error: unknown) => outcome.reject(error));
        await this.#dependencies.cli.settled(link.codexHome);
      })
      .catch((error: unknown) => outcome.reject(error))
      .finally(() => this.#renewals.delete(renewal));
    this.#renewals.add(renewal);
    return outcome.promise;
  };

  /**
   * Ends a hand-over to the CLI that was cut off, for the Refresher, which holds the lock over the account.
   * @throws WordedProblem when that is not possible for the moment
   */
  settleHandOff = (credential: Credential): Promise<void> => settleHandOff(this.#dependencies, credential);

  /** Ends a hand-over of an account, if one was cut off or is under way in another window; never rejects. */
  endHandOff = async (id: string): Promise<void> => {
    // Another window may just have begun it.
    const entry = await this.#dependencies.accounts.reread(id).catch(() => this.#dependencies.accounts.entry(id));
    if (entry?.credential.handOff) this.#settle(id);
    await this.#settling.get(id);
  };

  /** Stops following; resolves when no renewal is under way. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#subscription.dispose();
    for (const { watch } of this.#watches.values()) watch?.dispose();
    this.#watches.clear();
    await Promise.all([...this.#renewals, ...this.#settling.values()]);
  }

  async #renew(
    link: CodexLink,
    credential: Credential,
    outcome: PromiseWithResolvers<Partial<TokenSet>>,
  ): Promise<void> {
    const { cli } = this.#dependencies;
    const seen = credential.tokens.accessToken;
    const current = await this.#tokensNow(link);
    if (current && current.accessToken !== seen) return outcome.resolve(current);
    const found = await cli.find();
    if (found.status === "notFound" && link.refreshHere && link.store === "file") {
      return outcome.resolve(await this.#dependencies.fileRefresher.renew(authFilePath(link.codexHome), credential));
    }
    const server = await cli.at(link.codexHome);
    const result = await server.refreshThroughCli();
    if (!result.ok) {
      outcome.reject(new WordedProblem(describeAppServerFailure(result.failure), result.failure));
    } else if (result.value.accessToken === undefined && !(await looksIn(link.store, server))) {
      outcome.reject(new WordedProblem(notFound, "the configuration is not told"));
    } else if (result.value.accessToken === undefined) {
      outcome.reject(new RefreshRejected("revoked", "the Codex CLI is signed out"));
    } else if (!result.value.account) {
      outcome.reject(new RefreshRejected("rejected", "the Codex CLI has to sign in again"));
    } else if (result.value.accessToken === seen) {
      outcome.reject(new WordedProblem(notRenewed, "the same access token"));
    } else {
      const { accessToken } = result.value;
      const file = link.store === "file" ? await tokensOf(link) : undefined;
      outcome.resolve(file?.accessToken === accessToken ? file : linkedTokens({ idToken: accessToken, accessToken }));
    }
  }

  /** What the CLI has at this moment, where that can be told. */
  async #tokensNow(link: CodexLink): Promise<TokenSet | undefined> {
    if (link.store === "file") return tokensOf(link);
    const accessToken = await this.#dependencies.cli.accessToken(link.codexHome);
    return accessToken === undefined ? undefined : linkedTokens({ idToken: accessToken, accessToken });
  }

  /** Watches the file of every linked account, and no other. */
  #follow(): void {
    const { accounts } = this.#dependencies;
    if (this.#disposed) return;
    const wanted = new Map<string, string>();
    for (const { id } of accounts.state.accounts) {
      const credential = accounts.entry(id)?.credential;
      if (credential?.handOff) this.#settle(id);
      if (credential?.origin === "linked" && credential.link?.store === "file") {
        wanted.set(id, authFilePath(credential.link.codexHome));
      }
    }
    for (const [id, watched] of this.#watches) {
      if (wanted.get(id) === watched.path) continue;
      watched.watch?.dispose();
      this.#watches.delete(id);
    }
    for (const [id, path] of wanted) {
      if (!this.#watches.has(id)) void this.#watch(id, path);
    }
  }

  /** A hand-over that runs holds the lock until it is over; what is left of it then was cut off by a crash. */
  #settle(id: string): void {
    if (this.#settling.has(id)) return;
    const { accounts, lock, log } = this.#dependencies;
    const settling = lock
      .hold(id, async () => {
        const entry = await accounts.reread(id);
        if (entry?.credential.handOff && !this.#disposed) await this.settleHandOff(entry.credential);
      })
      .catch((error: unknown) => log.error(`A hand-over to the Codex CLI is not settled: ${describeError(error)}`))
      .finally(() => this.#settling.delete(id));
    this.#settling.set(id, settling);
  }

  async #watch(id: string, path: string): Promise<void> {
    const watched: { path: string; watch: Disposable | undefined } = { path, watch: undefined };
    this.#watches.set(id, watched);
    const known = await readAuthFile(path);
    if (this.#watches.get(id) !== watched) return;
    watched.watch = watchAuthFile(path, () => void this.#adopt(id, path), { clock: this.#dependencies.clock, known });
    await this.#adopt(id, path);
  }

  /** Takes over what now stands in the file; never throws. */
  async #adopt(id: string, path: string): Promise<void> {
    const { accounts, lock, log, clock } = this.#dependencies;
    try {
      await lock.hold(id, async () => {
        // Read while no renewal is under way: one that has just ended wrote something newer than what was reported.
        const read = await readAuthFile(path);
        const credential = (await accounts.reread(id))?.credential;
        // Another window may have followed it elsewhere.
        if (credential?.link?.store !== "file" || authFilePath(credential.link.codexHome) !== path) return;
        const moved = read.status === "missing" ? await this.#inKeyring(credential, credential.link) : undefined;
        const next = moved ?? adopted(credential, read, clock.now());
        if (next !== credential) await accounts.put(next);
      });
    } catch (error) {
      log.error(`The login of the Codex CLI could not be followed: ${describeError(error)}`);
    }
  }

  /**
   * The record of a login that the CLI has moved from its file into the keyring, as it does when it renews it with the
   * store “auto” (seen with 0.169); undefined where it has not.
   * @throws WordedProblem when the CLI cannot say; then the missing file says nothing either
   */
  async #inKeyring(credential: Credential, { codexHome }: CodexLink): Promise<Credential | undefined> {
    const store = await readCredentialsStore(codexHome);
    if (store !== "auto" && store !== "keyring") return undefined;
    const { cli, clock, lock } = this.#dependencies;
    const accessToken = await lock.hold("codex-cli", () =>
      cli.accessToken(codexHome).finally(() => cli.settled(codexHome)),
    );
    if (accessToken === undefined) return undefined;
    const tokens = linkedTokens({ idToken: accessToken, accessToken });
    if (accountIdOf(credential.issuer, claimsOf(tokens)) !== credential.id) return undefined;
    const { rejected: _rejected, ...kept } = credential;
    const isNew = accessToken !== credential.tokens.accessToken;
    return {
      ...kept,
      link: { codexHome, store: "keyring", refreshHere: false },
      ...(isNew && { tokens, sequence: kept.sequence + 1, receivedAt: clock.now(), lastRefreshAt: clock.now() }),
    };
  }
}

/** Whether the CLI looks for its login there: with a mistake in its config.toml, it does in its file (seen with 0.169). */
async function looksIn(store: CodexLink["store"], server: CodexAppServer): Promise<boolean> {
  return store === "file" || (await server.configuration()).ok;
}

/** The record after its file has been read; the same one where nothing is to be changed. */
function adopted(credential: Credential, read: AuthFileRead, now: number): Credential {
  if (credential.origin !== "linked") return credential;
  const result = read.status === "read" ? parseAuthFile(read.text) : undefined;
  const file = result?.ok ? result.file : undefined;
  if (file?.tokens && accountOf(file, credential.issuer) === credential.id) return followed(credential, file, now);
  const signedOut = read.status === "missing" || (result && !result.ok && result.problem.reason === "noCredential");
  // A file that cannot be read or understood says nothing: the access token is used as long as it lasts.
  if (!signedOut && !file) return credential;
  // The CLI has signed out, or in as somebody else, whom the person has not agreed to be here.
  return credential.rejected ? credential : { ...credential, rejected: "revoked" };
}

function followed(credential: Credential, file: AuthFile, now: number): Credential {
  if (!file.tokens) return credential;
  const tokens = linkedTokens(file.tokens);
  const sameToken = tokens.accessToken === credential.tokens.accessToken;
  // "rejected" is what the service said of this very token.
  if (sameToken && credential.rejected !== "revoked") return credential;
  const { rejected: _rejected, ...kept } = credential;
  const { apiKey, lastRefresh } = file;
  return {
    ...kept,
    tokens,
    ...(!sameToken && { sequence: kept.sequence + 1, receivedAt: now, lastRefreshAt: lastRefresh ?? now }),
    ...(apiKey !== undefined && { derivedKey: { status: "present", key: apiKey, createdAt: lastRefresh ?? now } }),
  };
}

async function tokensOf({ codexHome }: CodexLink): Promise<TokenSet | undefined> {
  const read = await readAuthFile(authFilePath(codexHome));
  const result = read.status === "read" ? parseAuthFile(read.text) : undefined;
  return result?.ok && result.file.tokens ? linkedTokens(result.file.tokens) : undefined;
}
