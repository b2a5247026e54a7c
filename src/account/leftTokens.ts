import { describeError, type Logger } from "../platform/logger.ts";
import type { SignInRef } from "./accountIndex.ts";
import type { EndedAccounts } from "./endedAccounts.ts";
import type { ReplacedTokens, RevocableToken, TokensChange } from "./replacedTokens.ts";

export interface LeftTokensDependencies {
  ended: Pick<EndedAccounts, "noteLeft" | "settle">;
  replacedTokens: ReplacedTokens;
  log: Logger;
}

/**
 * The tokens that are still to be revoked, together with the note in the index that there are some. Several windows may
 * end the same sign-in, so that note is made before a token is stored and looked at again afterwards, and the tokens are
 * looked at again after the note was taken away: whichever comes last, a token is never stored without a note of it.
 */
export class LeftTokens {
  readonly #dependencies: LeftTokensDependencies;

  constructor(dependencies: LeftTokensDependencies) {
    this.#dependencies = dependencies;
  }

  /** The tokens of an account, as far as they can be read. Never rejects. */
  async read(id: string): Promise<{ tokens: readonly RevocableToken[]; isComplete: boolean }> {
    const { replacedTokens, log } = this.#dependencies;
    try {
      return { tokens: await replacedTokens.read(id), isComplete: true };
    } catch (error) {
      log.warn(`The tokens of earlier sign-ins could not be read: ${describeError(error)}`);
      return { tokens: replacedTokens.known(id), isComplete: false };
    }
  }

  /**
   * Notes which tokens of an account are to be revoked later, and which are not any more. Never rejects.
   * @returns all that are then; undefined when that could not be stored
   */
  async note(id: string, change: TokensChange): Promise<readonly RevocableToken[] | undefined> {
    const { ended, replacedTokens, log } = this.#dependencies;
    const isLeft = (change.added ?? []).length > 0;
    try {
      // In this order, because the window may be killed in between.
      if (isLeft) await ended.noteLeft(id);
    } catch (error) {
      log.warn(`That something is to be revoked could not be noted: ${describeError(error)}`);
    }
    try {
      const tokens = await replacedTokens.change(id, change);
      // Another window may have ended everything that it knew of meanwhile.
      if (isLeft) await ended.noteLeft(id);
      return tokens;
    } catch (error) {
      log.warn(`What is to be revoked could not be noted: ${describeError(error)}`);
      return undefined;
    }
  }

  /**
   * Notes that nothing is left of a sign-in, unless another window has stored a token since.
   * @returns whether nothing is left
   * @throws as `Accounts.store`, and Problem when the tokens could not be read again
   */
  async settle(ref: SignInRef): Promise<boolean> {
    const { ended, replacedTokens } = this.#dependencies;
    await ended.settle(ref);
    const tokens = await replacedTokens.read(ref.id);
    if (tokens.length === 0) return true;
    await ended.noteLeft(ref.id);
    return false;
  }
}
