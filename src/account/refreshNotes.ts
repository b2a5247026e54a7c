import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { writeFileAtomically } from "../platform/atomicFile.ts";
import type { Credential } from "./credential.ts";

/**
 * A note beside the secrets, with none in it, of how far the tokens of one sign-in have been renewed. It tells a window
 * that its copy of the secrets is old (on the web they are cached when a page loads), or that a refresh token has been
 * given to the issuer by somebody whose answer is still to come.
 */
const refreshNoteSchema = z.object({
  account: z.string(),
  /** The sequence of the newest tokens. */
  sequence: z.number(),
  /** The start of the newest refresh token's SHA-256: tells it from others, gives nothing of it away. */
  hash: z.string(),
  /** The start of the hash of a refresh token that was given to the issuer, until the outcome is known. */
  spending: z.optional(z.string()),
  /** Milliseconds since 1970. */
  at: z.number(),
});
export type RefreshNote = z.infer<typeof refreshNoteSchema>;

/** Which sign-in of which account. */
export type RefreshNoteOwner = Pick<Credential, "id" | "signedInAt">;

export interface RefreshNotes {
  read(owner: RefreshNoteOwner): Promise<RefreshNote | undefined>;
  write(owner: RefreshNoteOwner, refreshNote: Omit<RefreshNote, "account">): Promise<void>;
  /** For a sign-in that has ended. */
  remove(owner: RefreshNoteOwner): Promise<void>;
}

export function createRefreshNotes(directory: string): RefreshNotes {
  const fileOf = ({ id, signedInAt }: RefreshNoteOwner) => join(directory, `rotation-${id}-${signedInAt}.json`);
  return {
    async read(owner) {
      try {
        const parsed = refreshNoteSchema.safeParse(JSON.parse(await readFile(fileOf(owner), "utf8")));
        return parsed.success ? parsed.data : undefined;
      } catch {
        return undefined;
      }
    },
    async write(owner, refreshNote) {
      await writeFileAtomically(fileOf(owner), JSON.stringify({ account: owner.id, ...refreshNote }));
    },
    async remove(owner) {
      await rm(fileOf(owner), { force: true });
    },
  };
}

/** The start of a refresh token's hash, as it stands in a refreshNote. */
export function hashOf(refreshToken: string): string {
  return createHash("sha256").update(refreshToken).digest("hex").slice(0, 12);
}
