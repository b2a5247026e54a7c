import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { SecretStorage } from "../../src/account/secretStorage.ts";

/**
 * VS Code's SecretStorage for several processes: a file for each secret, written atomically. No process gets an
 * event for another one's changes; a desktop VS Code may also send none.
 */
export class FileSecrets implements SecretStorage {
  readonly #directory: string;
  readonly #storeMs: number;
  /** When this process last stored something, ms since 1970. */
  storedAt = 0;
  /** How long the last store took, ms. */
  storeTook = 0;
  readonly #onStored: (() => void) | undefined;
  readonly onDidChange: SecretStorage["onDidChange"] = () => ({ dispose() {} });

  /**
   * @param storeMs how long a store takes on top of writing, ms
   * @param onStored called as soon as a store has taken effect
   */
  constructor(directory: string, storeMs = 0, onStored?: () => void) {
    this.#onStored = onStored;
    this.#directory = directory;
    this.#storeMs = storeMs;
  }

  fileOf(key: string): string {
    return join(this.#directory, `${key}.secret`);
  }

  async get(key: string): Promise<string | undefined> {
    try {
      return await readFile(this.fileOf(key), "utf8");
    } catch {
      return undefined;
    }
  }

  async store(key: string, value: string): Promise<void> {
    const started = performance.now();
    if (this.#storeMs > 0) await delay(this.#storeMs);
    await mkdir(this.#directory, { recursive: true });
    const temporary = `${this.fileOf(key)}.${randomBytes(4).toString("hex")}`;
    await writeFile(temporary, value);
    await rename(temporary, this.fileOf(key));
    this.#onStored?.();
    this.storedAt = performance.timeOrigin + performance.now();
    this.storeTook = performance.now() - started;
  }

  async delete(key: string): Promise<void> {
    await rm(this.fileOf(key), { force: true });
  }
}
