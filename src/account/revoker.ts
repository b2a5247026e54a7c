import { RevocationRefused } from "../oauth/revocation.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import type { Accounts } from "./accounts.ts";
import type { Credential } from "./credential.ts";
import { type RefreshNotes, wasPassedOn } from "./refreshNotes.ts";
import type { RevocableToken } from "./replacedTokens.ts";

export interface RevokerDependencies {
  accounts: Pick<Accounts, "ended">;
  /** @throws RevocationRefused when no other try can succeed, anything else for what may pass */
  revoke: (issuer: string, refreshToken: string) => Promise<void>;
  refreshNotes: Pick<RefreshNotes, "read">;
  log: Logger;
}

/**
 * What has become of a token at its issuer: revoked; `over` when it was worth nothing any more; `refused` when the issuer
 * will not revoke it; `failed` when that is to be tried again.
 */
export type Revocation = "revoked" | "over" | "refused" | "failed";

/** What has become of a sign-in; the Codex CLI's token is not ours to revoke, so it is left out. */
export interface EndedSignIn {
  /** `codex` where its login is the Codex CLI's, `unclear` where it may be. */
  readonly outcome: Revocation | "codex" | "unclear";
  readonly token?: RevocableToken;
  /** The record that the token is of. */
  readonly record?: Credential;
}

/** How often newer tokens that must exist are looked for: a keyring may now and then answer with an older value. */
const maxReads = 3;

/** Revokes tokens at their issuers. No call rejects. */
export class Revoker {
  readonly #dependencies: RevokerDependencies;

  constructor(dependencies: RevokerDependencies) {
    this.#dependencies = dependencies;
  }

  async revoke({ issuer, refreshToken }: RevocableToken): Promise<Revocation> {
    try {
      await this.#dependencies.revoke(issuer, refreshToken);
      return "revoked";
    } catch (error) {
      this.#dependencies.log.warn(`The refresh token was not revoked: ${describeError(error)}`);
      if (!(error instanceof RevocationRefused)) return "failed";
      return error.isOver ? "over" : "refused";
    }
  }

  /** Revokes the token of a sign-in that has ended, if it is this extension's to revoke. */
  async endSignIn(credential: Credential): Promise<EndedSignIn> {
    const newest = await this.#newest(credential);
    if (newest?.origin !== "own") return { outcome: "codex" };
    // The hand-off was cut off, and it could not be found out whose the token is.
    if (newest.handOff) return { outcome: "unclear" };
    const token = { issuer: newest.issuer, refreshToken: newest.tokens.refreshToken };
    return { token, record: newest, outcome: await this.revoke(token) };
  }

  /** The newest record of a sign-in that can be found; undefined when its login was passed on to the Codex CLI. */
  async #newest(known: Credential): Promise<Credential | undefined> {
    const { accounts, refreshNotes } = this.#dependencies;
    let newest = known;
    for (let reads = 0; reads < maxReads && newest.origin === "own"; reads += 1) {
      const note = await refreshNotes.read(newest);
      if (!note || note.sequence <= newest.sequence) return newest;
      if (wasPassedOn(note)) return undefined;
      const read = await accounts.ended.readRecord(newest.id).catch(() => undefined);
      if (read?.signedInAt === newest.signedInAt && read.sequence > newest.sequence) newest = read;
    }
    // To revoke a token that has been refreshed ends the same grant (RFC 7009 section 2.1).
    return newest;
  }
}
