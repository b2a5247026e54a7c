import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import type { Credential } from "./credential.ts";

/**
 * A note beside the secrets of how far an account's tokens have been renewed. It tells a window whose copy of the
 * secrets is old (on the web they are cached when a page loads) that it must not spend its refresh token.
 */
const rotationSchema = z.object({
  account: z.string(),
  /** The sequence of the newest tokens. */
  sequence: z.number(),
  /** The start of the newest refresh token's SHA-256: tells it from others, gives nothing of it away. */
  hash: z.string(),
  /** The start of the hash of a refresh token that was given to the issuer, until its answer is stored. */
  spending: z.optional(z.string()),
  /** Milliseconds since 1970. */
  at: z.number(),
});
export type Rotation = z.infer<typeof rotationSchema>;

export interface Rotations {
  read(account: string): Promise<Rotation | undefined>;
  write(rotation: Rotation): Promise<void>;
}

export function createRotations(directory: string): Rotations {
  const fileOf = (account: string) => join(directory, `rotation-${account}.json`);
  return {
    async read(account) {
      try {
        const parsed = rotationSchema.safeParse(JSON.parse(await readFile(fileOf(account), "utf8")));
        return parsed.success ? parsed.data : undefined;
      } catch {
        return undefined;
      }
    },
    async write(rotation) {
      await mkdir(directory, { recursive: true });
      const file = fileOf(rotation.account);
      const temporary = `${file}.${process.pid}-${randomBytes(3).toString("hex")}`;
      try {
        await writeFile(temporary, JSON.stringify(rotation), { mode: 0o600 });
        await rename(temporary, file);
      } finally {
        await rm(temporary, { force: true });
      }
    },
  };
}

/** The start of a refresh token's hash, as it stands in a rotation. */
export function hashOf(refreshToken: string): string {
  return createHash("sha256").update(refreshToken).digest("hex").slice(0, 12);
}

/**
 * Whether a window may be holding tokens that others have already renewed.
 * @param loadedAt when the window's view of the secrets was made, ms since 1970; undefined where it is always current
 */
export function isStale(credential: Credential, rotation: Rotation | undefined, loadedAt: number | undefined): boolean {
  if (!rotation) return false;
  const own = hashOf(credential.tokens.refreshToken);
  if (rotation.hash === own) return false;
  if (rotation.spending === own) return loadedAt !== undefined && rotation.at > loadedAt;
  return rotation.at > Math.max(credential.signedInAt, credential.lastRefreshAt ?? 0);
}
