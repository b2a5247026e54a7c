import type { Accounts } from "../account/accounts.ts";
import type { Credential, LinkedCredential } from "../account/credential.ts";
import type { Clock } from "../platform/clock.ts";
import { type Disposable, Disposables } from "../platform/disposables.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { authFilePath, readCredentialsStore } from "./authFile/codexHome.ts";
import { readAuthFile } from "./authFile/read.ts";
import { watchAuthFile } from "./authFile/watch.ts";
import type { CodexCli } from "./codexCli.ts";
import { afterMove, afterReading } from "./followedRecord.ts";

export interface LinkedAccountsDependencies {
  accounts: Accounts;
  cli: CodexCli;
  lock: Lock;
  clock: Clock;
  log: Logger;
}

/** A file that is followed. */
interface Watched {
  readonly path: string;
  readonly watch: Disposables;
}

/** Follows the login of every linked account: what the Codex CLI changes in its file is stored here. */
export class LinkedAccounts implements Disposable {
  readonly #dependencies: LinkedAccountsDependencies;
  readonly #watched = new Map<string, Watched>();
  readonly #subscription: Disposable;

  constructor(dependencies: LinkedAccountsDependencies) {
    this.#dependencies = dependencies;
    this.#subscription = dependencies.accounts.onDidChange(() => this.#follow());
    this.#follow();
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const { watch } of this.#watched.values()) watch.dispose();
    this.#watched.clear();
  }

  /** Watches the file of every linked account, and no other. */
  #follow(): void {
    const wanted = this.#wantedFiles();
    for (const [id, { path, watch }] of this.#watched) {
      if (wanted.get(id) === path) continue;
      watch.dispose();
      this.#watched.delete(id);
    }
    for (const [id, path] of wanted) {
      if (!this.#watched.has(id)) void this.#watch(id, path);
    }
  }

  #wantedFiles(): Map<string, string> {
    const { accounts } = this.#dependencies;
    const wanted = new Map<string, string>();
    for (const { id } of accounts.state.accounts) {
      const path = pathToFollow(accounts.entry(id)?.credential);
      if (path !== undefined) wanted.set(id, path);
    }
    return wanted;
  }

  async #watch(id: string, path: string): Promise<void> {
    const watched: Watched = { path, watch: new Disposables() };
    this.#watched.set(id, watched);
    const known = await readAuthFile(path);
    if (this.#watched.get(id) !== watched) return;
    const { clock } = this.#dependencies;
    watched.watch.add(watchAuthFile(path, () => void this.#adopt(id, path), { clock, known }));
    await this.#adopt(id, path);
  }

  /** Stores what is in the file now; never throws. */
  async #adopt(id: string, path: string): Promise<void> {
    const { accounts, lock, log, clock } = this.#dependencies;
    try {
      await lock.hold(id, async () => {
        // Read while no refresh is under way: one that has just ended wrote something newer than what was reported.
        const read = await readAuthFile(path);
        const credential = (await accounts.reread(id))?.credential;
        // Another window may follow it elsewhere by now.
        if (credential?.origin !== "linked" || pathToFollow(credential) !== path) return;
        const moved = read.status === "missing" ? await this.#movedToKeyring(credential) : undefined;
        const next = moved ?? afterReading(credential, read, clock.now());
        if (next !== credential) await accounts.store(next);
      });
    } catch (error) {
      log.error(`The login of the Codex CLI could not be followed: ${describeError(error)}`);
    }
  }

  /**
   * The record of a login that the Codex CLI has moved from its file into the keyring, as it does when it refreshes it
   * with the store “auto” (seen with 0.169); undefined where it has not.
   * @throws Problem when the Codex CLI cannot be asked; then the missing file says nothing either
   */
  async #movedToKeyring(credential: LinkedCredential): Promise<LinkedCredential | undefined> {
    const { link } = credential;
    const store = await readCredentialsStore(link.codexHome);
    if (store !== "auto" && store !== "keyring") return undefined;
    const { cli, clock } = this.#dependencies;
    const accessToken = await cli.accessToken(link.codexHome);
    return accessToken === undefined ? undefined : afterMove(credential, accessToken, clock.now());
  }
}

/** The file of a linked account; undefined for any other, and for a login in the keyring. */
function pathToFollow(credential: Credential | undefined): string | undefined {
  if (credential?.origin !== "linked" || credential.link.store !== "file") return undefined;
  return authFilePath(credential.link.codexHome);
}
