import { claimsOf, type LinkedCredential, type LoginTokens } from "../account/credential.ts";
import { mergeTokens } from "../account/mergeTokens.ts";
import { RefreshRejected, type TokenEndpoint } from "../oauth/tokenEndpoint.ts";
import { backoff } from "../platform/backoff.ts";
import type { Clock } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import { Problem } from "../shared/problem.ts";
import { authFileIn } from "./authFile/contents.ts";
import { type CodexTokens, parseAuthFile } from "./authFile/parse.ts";
import { type ReadFile, readAuthFile } from "./authFile/read.ts";
import { replaceFile } from "./authFile/replace.ts";
import { type TokenUpdate, writeBackTokens } from "./authFile/write.ts";
import { linkedTokens } from "./login.ts";
import { authFileProblem, ofOwnFile, unreadableProblem, writeProblem } from "./problems.ts";

export interface FileRefresherDependencies {
  tokenEndpoint: (issuer: string) => TokenEndpoint;
  clock: Clock;
  log: Logger;
}

/** Waits between tries to write back what the issuer has already refreshed, ms. */
const writeRetriesMs = [100, 1_000, 5_000, 30_000];

/**
 * Refreshes a login in a file where no Codex CLI is installed: uses its refresh token and writes the new tokens back.
 */
export class FileRefresher {
  readonly #dependencies: FileRefresherDependencies;

  constructor(dependencies: FileRefresherDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * To be called with the lock over the file held.
   * @throws RefreshRejected when the refresh token is no longer valid; Problem for what may pass
   */
  async refresh(path: string, credential: LinkedCredential): Promise<LoginTokens> {
    const { tokenEndpoint, clock } = this.#dependencies;
    const read = await readAuthFile(path);
    if (read.status !== "read") throw ofOwnFile(unreadableProblem(read.status));
    const { refreshToken, ...before } = tokensToRefresh(read);
    // A refresh token works only once, so it is not used where the new one could not be stored: a rehearsal.
    const rehearsal = await replaceFile(path, read.text, { fingerprint: read.fingerprint });
    if (rehearsal.status !== "written") throw writeProblem(rehearsal.status);

    const { tokens, failure } = await tokenEndpoint(credential.issuer).refresh(refreshToken);
    const merged = mergeTokens(linkedTokens(before), linkedPart(tokens));
    // An ID token that does not say who somebody is would make the file useless.
    const { idToken, ...others } = tokens;
    const update = merged && merged.tokens.idToken !== idToken ? others : tokens;
    await this.#writeBack(path, refreshToken, { ...update, refreshedAt: clock.now() }, 1);
    if (failure) throw failure;
    const refreshed = merged?.tokens ?? linkedTokens({ ...before, ...tokens });
    const [now, then] = [claimsOf(refreshed), claimsOf(credential.tokens)];
    if (now.userId !== then.userId || now.workspaceId !== then.workspaceId) throw new Problem("accountMismatch");
    if (refreshed.accessToken === credential.tokens.accessToken) throw new Problem("linkedNotRefreshed");
    return refreshed;
  }

  async #writeBack(path: string, used: string, update: TokenUpdate, attempt: number): Promise<void> {
    const { clock, log } = this.#dependencies;
    const read = await readAuthFile(path);
    // Some programs remove the file before they write it. One that stays away means that the Codex CLI has signed out.
    if (read.status === "missing" && attempt > writeRetriesMs.length) return;
    const file = authFileIn(read);
    if (read.status === "read" && file) {
      // Somebody has signed in again meanwhile: their login stays.
      if (file.tokens?.refreshToken !== used) return;
      if ((await writeBackTokens(read, update)).status === "written") return;
    }
    log.error("The login of the Codex CLI could not be written back yet");
    clock.after(backoff(writeRetriesMs, attempt), () => void this.#writeBack(path, used, update, attempt + 1));
  }
}

function tokensToRefresh(read: ReadFile): CodexTokens & { readonly refreshToken: string } {
  const result = parseAuthFile(read.text);
  // A file that cannot be understood may be half written: it says nothing about the login.
  if (!result.ok) throw ofOwnFile(authFileProblem(result.problem));
  const { tokens } = result.file;
  if (!tokens?.refreshToken) throw new RefreshRejected("revoked", "the file contains no refresh token");
  return { ...tokens, refreshToken: tokens.refreshToken };
}

function linkedPart({ idToken, accessToken }: Partial<LoginTokens>): Partial<LoginTokens> {
  return { ...(idToken && { idToken }), ...(accessToken && { accessToken }) };
}
