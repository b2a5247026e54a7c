import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../platform/atomicFile.ts";
import { withinAwake } from "../platform/timeLimit.ts";
import type { SignInRef } from "./accountIndex.ts";

/** How long the file system has for an answer, ms: the person is waiting for the end of the sign-in. */
const answerMs = 1_000;

/**
 * Notes outside the secrets, without any, of sign-ins that are being stored. A window that ends between the storing of a
 * record and of the index leaves one behind: it tells other windows to look for the record.
 */
export interface SignInNotes {
  /** @throws the system's error, or NoAnswer */
  add(signIn: SignInRef): Promise<void>;
  /** @throws the system's error, or NoAnswer */
  remove(signIn: SignInRef): Promise<void>;
  /** The sign-ins that are being stored, or were when their window ended. Never rejects. */
  list(): Promise<SignInRef[]>;
}

/** A note's name, with the account and the time of its sign-in. */
const fileName = /^signing-in-([0-9a-f]{16})-(\d+(?:\.\d+)?)$/;

/** Notes as empty files in a folder, which tell everything by their names. */
export function createSignInNotes(directory: string): SignInNotes {
  const fileOf = ({ id, signedInAt }: SignInRef) => join(directory, `signing-in-${id}-${signedInAt}`);
  return {
    add: (signIn) => writeFileAtomically(fileOf(signIn), "", { answerMs }),
    remove: (signIn) => withinAwake(answerMs, rm(fileOf(signIn), { force: true })),
    async list() {
      const names = await readdir(directory).catch(() => []);
      return names.flatMap((name) => {
        const [, id, signedInAt] = fileName.exec(name) ?? [];
        return id === undefined ? [] : [{ id, signedInAt: Number(signedInAt) }];
      });
    },
  };
}
