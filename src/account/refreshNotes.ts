import { createHash } from "node:crypto";
import { join } from "node:path";
import * as z from "zod/mini";
import { writeFileAtomically } from "../platform/atomicFile.ts";
import { parseJson } from "../platform/json.ts";
import { limitNoteFiles } from "../platform/noteFiles.ts";
import type { Credential } from "./credential.ts";

/**
 * A note outside the secrets, without any, of how often the tokens of one sign-in have been refreshed. It tells a window
 * that the secrets it has read are old: on the web they are cached when a page loads. Windows of other versions read it,
 * too: its keys stay.
 */
const refreshNoteSchema = z.object({
  account: z.string(),
  /** The sequence of the newest tokens. */
  sequence: z.number(),
  /** The newest refresh token's fingerprint. */
  hash: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
});
export type RefreshNote = z.infer<typeof refreshNoteSchema>;

/** The sign-in that a note is of. */
export type RefreshNoteOwner = Pick<Credential, "id" | "signedInAt">;

export interface RefreshNotes {
  read(owner: RefreshNoteOwner): Promise<RefreshNote | undefined>;
  write(owner: RefreshNoteOwner, refreshNote: Omit<RefreshNote, "account">): Promise<void>;
  /** For a sign-in that has ended. */
  remove(owner: RefreshNoteOwner): Promise<void>;
  /** For an account that has been signed out: also of the sign-ins before. */
  removeUpTo(owner: RefreshNoteOwner): Promise<void>;
}

/** The start of the names of a sign-in's claims (`SpendingClaims`), which are beside its notes and go with them. */
export function claimsPrefix({ id, signedInAt }: RefreshNoteOwner): string {
  return `spending-${id}-${signedInAt}-`;
}

/** A note's or a claim's name, with the account and the time of its sign-in. */
const fileName = /^(?:rotation|spending)-([0-9a-f]{16})-(\d+(?:\.\d+)?)(?:\.json|-[0-9a-f]{12}\.\d+)$/;

export function createRefreshNotes(directory: string, files = limitNoteFiles()): RefreshNotes {
  const fileOf = ({ id, signedInAt }: RefreshNoteOwner) => join(directory, `rotation-${id}-${signedInAt}.json`);
  return {
    async read(owner) {
      const text = await files.read(fileOf(owner)).catch(() => undefined);
      return refreshNoteSchema.safeParse(parseJson(text)).data;
    },
    async write(owner, refreshNote) {
      await writeFileAtomically(fileOf(owner), JSON.stringify({ account: owner.id, ...refreshNote }));
    },
    async remove(owner) {
      await files.remove(fileOf(owner));
      const names = await files.list(directory).catch(() => []);
      const claims = names.filter((name) => name.startsWith(claimsPrefix(owner)));
      await Promise.all(claims.map((name) => files.remove(join(directory, name))));
    },
    async removeUpTo({ id, signedInAt }) {
      const names = await files.list(directory).catch(() => []);
      const ended = names.filter((name) => {
        const [, of, at] = fileName.exec(name) ?? [];
        return of === id && Number(at) <= signedInAt;
      });
      await Promise.all(ended.map((name) => files.remove(join(directory, name))));
    },
  };
}

/** Whether a note tells of newer tokens than a credential has. */
export function isSuperseded({ sequence }: Pick<Credential, "sequence">, note: RefreshNote | undefined): boolean {
  return note !== undefined && note.sequence > sequence;
}

/** Whether a note says that the login has been passed on to an owner whose refresh token is not kept here. */
export function wasPassedOn({ hash }: RefreshNote): boolean {
  return hash === fingerprintOf();
}

/** Tells refresh tokens apart without revealing them: the start of a SHA-256. The same for every missing token. */
export function fingerprintOf(refreshToken = ""): string {
  return createHash("sha256").update(refreshToken).digest("hex").slice(0, 12);
}
