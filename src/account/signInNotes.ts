import { join } from "node:path";
import { writeFileAtomically } from "../platform/atomicFile.ts";
import { limitNoteFiles } from "../platform/noteFiles.ts";
import type { SignInRef } from "./accountIndex.ts";

/** How long the file system has for an answer, ms: the person is waiting for the end of the sign-in. */
const answerMs = 1_000;

/**
 * Notes outside the secrets, without any, of sign-ins that are being stored, or that have failed and may be stored all the
 * same. A window that ends meanwhile leaves one behind: it tells other windows to look for the record.
 */
export interface SignInNotes {
  /** @throws the system's error, or NoAnswer */
  add(signIn: SignInRef): Promise<void>;
  /** @throws the system's error, or NoAnswer */
  remove(signIn: SignInRef): Promise<void>;
  /** The sign-ins that are noted; none where the file system does not tell in time. Never rejects. */
  list(): Promise<SignInRef[]>;
}

/** Notes as empty files in a folder, which tell everything by their names: the account and the time of the sign-in. */
export function createSignInNotes(
  directory: string,
  kind: "signing-in" | "failed-sign-in" = "signing-in",
  files = limitNoteFiles(undefined, answerMs),
): SignInNotes {
  const fileName = new RegExp(`^${kind}-([0-9a-f]{16})-(\\d+(?:\\.\\d+)?)$`);
  const fileOf = ({ id, signedInAt }: SignInRef) => join(directory, `${kind}-${id}-${signedInAt}`);
  return {
    add: (signIn) => writeFileAtomically(fileOf(signIn), "", { answerMs }),
    remove: (signIn) => files.remove(fileOf(signIn)),
    async list() {
      const names = await files.list(directory).catch(() => []);
      return names.flatMap((name) => {
        const [, id, signedInAt] = fileName.exec(name) ?? [];
        return id === undefined ? [] : [{ id, signedInAt: Number(signedInAt) }];
      });
    },
  };
}

/** Where nobody can leave a note. */
export const noSignInNotes: SignInNotes = { add: async () => {}, remove: async () => {}, list: async () => [] };
