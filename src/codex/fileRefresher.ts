import { type Credential, claimsOf } from "../account/credential.ts";
import { RefreshRejected, type TokenEndpoint, type TokenSet } from "../oauth/tokenEndpoint.ts";
import type { Clock } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import { Problem, WordedProblem } from "../shared/problem.ts";
import { parseAuthFile } from "./authFile/parse.ts";
import { describeAuthFileProblem } from "./authFile/problem.ts";
import { describeUnreadable, readAuthFile } from "./authFile/read.ts";
import { replaceFile } from "./authFile/replace.ts";
import { describeWriteFailure, type TokenUpdate, writeBackTokens } from "./authFile/write.ts";
import { linkedTokens } from "./login.ts";

export interface FileRefresherDependencies {
  tokenEndpoint: (issuer: string) => TokenEndpoint;
  clock: Clock;
  log: Logger;
}

/** Waits between tries to write back what the issuer has already renewed, ms. */
const writeRetriesMs = [100, 1_000, 5_000, 30_000];

/** Renews a login that lies in a file without a CLI that could: spends its refresh token and writes back what comes. */
export class FileRefresher {
  readonly #dependencies: FileRefresherDependencies;

  constructor(parts: FileRefresherDependencies) {
    this.#dependencies = parts;
  }

  /**
   * To be called with the lock over the file held.
   * @throws RefreshRejected when the refresh token is dead, Problem and WordedProblem for what may pass
   */
  async renew(path: string, credential: Credential): Promise<TokenSet> {
    const read = await readAuthFile(path);
    if (read.status !== "read") throw new WordedProblem(describeUnreadable(read.status), read.status);
    const result = parseAuthFile(read.text);
    // What cannot be understood may be half written: it says nothing of the login.
    if (!result.ok) throw new WordedProblem(describeAuthFileProblem(result.problem), result.problem.reason);
    const before = result.file.tokens;
    if (!before?.refreshToken) throw new RefreshRejected("revoked", "the file holds no refresh token");
    // A refresh token works once, so it is not spent where what comes for it could not be kept: a rehearsal.
    const rehearsal = await replaceFile(path, read.text, { fingerprint: read.fingerprint });
    if (rehearsal.status !== "written") {
      throw new WordedProblem(describeWriteFailure(rehearsal.status), rehearsal.status);
    }

    const { tokens } = await this.#dependencies.tokenEndpoint(credential.issuer).refresh(before.refreshToken);
    await this.#writeBack(path, before.refreshToken, { ...tokens, refreshedAt: this.#dependencies.clock.now() }, 0);
    const renewed = linkedTokens({ ...before, ...tokens });
    const [now, then] = [claimsOf(renewed), claimsOf(credential.tokens)];
    if (now.userId !== then.userId || now.accountId !== then.accountId) throw new Problem("accountMismatch");
    return renewed;
  }

  async #writeBack(path: string, spent: string, update: TokenUpdate, attempt: number): Promise<void> {
    const read = await readAuthFile(path);
    const result = read.status === "read" ? parseAuthFile(read.text) : undefined;
    // Some write by taking the file away first; one that stays away means that the CLI has signed out.
    if (read.status === "missing" && attempt >= writeRetriesMs.length) return;
    if (read.status === "read" && result?.ok) {
      // Somebody signed in anew meanwhile: theirs stays.
      if (result.file.tokens?.refreshToken !== spent) return;
      if ((await writeBackTokens(read, update)).status === "written") return;
    }
    const wait = writeRetriesMs[Math.min(attempt, writeRetriesMs.length - 1)] ?? 0;
    this.#dependencies.log.error("The login of the Codex CLI could not be written back yet");
    this.#dependencies.clock.after(wait, () => void this.#writeBack(path, spent, update, attempt + 1));
  }
}
