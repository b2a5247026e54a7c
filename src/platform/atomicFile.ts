import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "./errno.ts";

/**
 * Replaces the text of a file: a reader sees the old text or the new one, never a part. Creates the folder if needed.
 * Only the owner can read the file (mode 0600).
 * @throws the system's error; the file is then unchanged
 */
export async function writeFileAtomically(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString("hex")}`;
  const write = () => writeFile(temporary, text, { mode: 0o600 });
  try {
    await write().catch(async (error: unknown) => {
      if (errnoOf(error) !== "ENOENT") throw error;
      await mkdir(dirname(file), { recursive: true });
      await write();
    });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
