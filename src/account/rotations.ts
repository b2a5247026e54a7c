import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import type { Credential } from "./credential.ts";

/**
 * A note beside the secrets, with none in it, of how far the tokens of one sign-in have been renewed. It tells a window
 * that its copy of the secrets is old (on the web they are cached when a page loads), or that a refresh token has been
 * given to the issuer by somebody whose answer is still to come.
 */
const rotationSchema = z.object({
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
export type Rotation = z.infer<typeof rotationSchema>;

/** Which sign-in of which account. */
export type RotationOwner = Pick<Credential, "id" | "signedInAt">;

export interface Rotations {
  read(owner: RotationOwner): Promise<Rotation | undefined>;
  write(owner: RotationOwner, rotation: Omit<Rotation, "account">): Promise<void>;
  /** For a sign-in that has ended. */
  remove(owner: RotationOwner): Promise<void>;
}

export function createRotations(directory: string): Rotations {
  const fileOf = ({ id, signedInAt }: RotationOwner) => join(directory, `rotation-${id}-${signedInAt}.json`);
  return {
    async read(owner) {
      try {
        const parsed = rotationSchema.safeParse(JSON.parse(await readFile(fileOf(owner), "utf8")));
        return parsed.success ? parsed.data : undefined;
      } catch {
        return undefined;
      }
    },
    async write(owner, rotation) {
      const file = fileOf(owner);
      const temporary = `${file}.${process.pid}-${randomBytes(3).toString("hex")}`;
      const text = JSON.stringify({ account: owner.id, ...rotation });
      try {
        await writeFile(temporary, text, { mode: 0o600 }).catch(async () => {
          await mkdir(directory, { recursive: true });
          await writeFile(temporary, text, { mode: 0o600 });
        });
        await rename(temporary, file);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    async remove(owner) {
      await rm(fileOf(owner), { force: true });
    },
  };
}

/** The start of a refresh token's hash, as it stands in a rotation. */
export function hashOf(refreshToken: string): string {
  return createHash("sha256").update(refreshToken).digest("hex").slice(0, 12);
}
