import type { Credential } from "./credential.ts";
import { type RefreshNotes, wasPassedOn } from "./refreshNotes.ts";
import type { RevocableToken } from "./replacedTokens.ts";

/** The refresh token of a record, if it is this extension's to revoke. */
export async function revocableOf(
  record: Credential,
  refreshNotes: Pick<RefreshNotes, "read">,
): Promise<RevocableToken | undefined> {
  // One that is being handed off may be the Codex CLI's by now.
  if (record.origin !== "own" || record.handOff) return undefined;
  const note = await refreshNotes.read(record);
  if (note && note.sequence > record.sequence && wasPassedOn(note)) return undefined;
  return { issuer: record.issuer, refreshToken: record.tokens.refreshToken };
}
