import { join } from "node:path";
import { writeFileAtomically } from "../platform/atomicFile.ts";
import { limitNoteFiles } from "../platform/noteFiles.ts";
import type { SignInRef } from "./accountIndex.ts";
import type { Credential } from "./credential.ts";
import { fingerprintOf } from "./refreshNotes.ts";

/** How long the file system has for an answer, ms: the person is waiting for the end of the sign-in. */
const answerMs = 1_000;

/** A sign-in as its note tells of it. */
export interface NotedSignIn extends SignInRef {
  /** The fingerprint of its refresh token, which tells it from another one of the same time. */
  readonly hash?: string;
}

/** What the note of a failed sign-in tells. */
export function notedOf({ id, signedInAt, tokens }: Credential): NotedSignIn {
  return { id, signedInAt, hash: fingerprintOf(tokens.refreshToken) };
}

/** Whether a record is that of a noted sign-in, as far as its note tells; refreshed tokens do not. */
export function isOfNoted(record: Credential, { signedInAt, hash }: NotedSignIn): boolean {
  const isOther = hash !== undefined && record.sequence === 0 && fingerprintOf(record.tokens.refreshToken) !== hash;
  return record.signedInAt === signedInAt && !isOther;
}

/**
 * Notes outside the secrets, without any, of sign-ins that are being stored, or that have failed and may be stored all the
 * same. A window that ends meanwhile leaves one behind: it tells other windows to look for the record.
 */
export interface SignInNotes {
  /** @throws the system's error, or NoAnswer */
  add(signIn: NotedSignIn): Promise<void>;
  /** @throws the system's error, or NoAnswer */
  remove(signIn: NotedSignIn): Promise<void>;
  /** The sign-ins that are noted; none where the file system does not tell in time. Never rejects. */
  list(): Promise<NotedSignIn[]>;
}

/**
 * Notes as empty files in a folder, which tell everything by their names: the account and the time of the sign-in, and the
 * fingerprint.
 */
export function createSignInNotes(
  directory: string,
  kind: "signing-in" | "failed-sign-in" = "signing-in",
  files = limitNoteFiles(undefined, answerMs),
): SignInNotes {
  const fileName = new RegExp(`^${kind}-([0-9a-f]{16})-(\\d+(?:\\.\\d+)?)(?:-([0-9a-f]{12}))?$`);
  const fileOf = ({ id, signedInAt, hash }: NotedSignIn) =>
    join(directory, [kind, id, signedInAt, ...(hash === undefined ? [] : [hash])].join("-"));
  return {
    add: (signIn) => writeFileAtomically(fileOf(signIn), "", { answerMs }),
    remove: (signIn) => files.remove(fileOf(signIn)),
    async list() {
      const names = await files.list(directory).catch(() => []);
      return names.flatMap((name) => {
        const [, id, signedInAt, hash] = fileName.exec(name) ?? [];
        return id === undefined ? [] : [{ id, signedInAt: Number(signedInAt), ...(hash !== undefined && { hash }) }];
      });
    },
  };
}

/** Where nobody can leave a note. */
export const noSignInNotes: SignInNotes = { add: async () => {}, remove: async () => {}, list: async () => [] };
