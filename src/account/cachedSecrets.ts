import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { writeFileAtomically } from "../platform/atomicFile.ts";
import { Problem } from "../shared/problem.ts";
import { limitSecrets, type SecretLimits } from "./limitSecrets.ts";
import { readSecret, type SecretStorage } from "./secretStore.ts";

const markKey = "storage";
const markSchema = z.object({ id: z.string().check(z.regex(/^[0-9a-f]{16}$/)), generation: z.number() });
type Mark = z.infer<typeof markSchema>;

/**
 * The secrets of a host that shows a window what was stored when its page was loaded, and stores all that the window
 * knows with each change (VS Code on the web). There, a window that did not hear of another one's change would put the
 * old secrets back. So each change counts up a generation, among the secrets and in a file that all windows see; a
 * window whose own count is behind must not write, and must not spend what it has read.
 */
export class CachedSecrets implements SecretStorage {
  readonly #secrets: SecretStorage;
  readonly #directory: string;
  /** Changes happen one after another. */
  #queue: Promise<unknown> = Promise.resolve();
  /** The newest mark that this window has read or written: one that reads as missing or older takes nothing away. */
  #known: Mark | undefined;

  /** @param directory a folder that all windows share */
  constructor(secrets: SecretStorage, directory: string, limits?: SecretLimits) {
    this.#secrets = limitSecrets(secrets, limits);
    this.#directory = directory;
  }

  get onDidChange(): SecretStorage["onDidChange"] {
    return this.#secrets.onDidChange;
  }

  get(key: string): PromiseLike<string | undefined> {
    return this.#secrets.get(key);
  }

  /** @throws Problem `staleWindow` when another window has stored something since this one was loaded */
  store(key: string, value: string): Promise<void> {
    return this.#change(() => this.#secrets.store(key, value));
  }

  /** @throws Problem `staleWindow` */
  delete(key: string): Promise<void> {
    return this.#change(() => this.#secrets.delete(key));
  }

  /** @throws Problem `staleWindow` */
  async assertCurrent(): Promise<void> {
    const mark = await this.#mark();
    if (mark && (await this.#newestGeneration(mark.id)) > mark.generation) throw new Problem("staleWindow");
  }

  #change(write: () => PromiseLike<void>): Promise<void> {
    const result = this.#queue.then(async () => {
      await this.assertCurrent();
      const mark = (await this.#mark()) ?? { id: randomBytes(8).toString("hex"), generation: 0 };
      const next: Mark = { ...mark, generation: mark.generation + 1 };
      await this.#secrets.store(markKey, JSON.stringify(next));
      this.#known = next;
      await write();
      // Where the folder cannot be written, windows cannot be told apart from each other; what is stored stays stored.
      await this.#tell(next).catch(() => {});
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  async #mark(): Promise<Mark | undefined> {
    const text = await readSecret(this.#secrets, markKey);
    const read = text === undefined ? undefined : parse(text);
    if (read && (!this.#known || read.generation > this.#known.generation)) this.#known = read;
    return this.#known;
  }

  async #newestGeneration(id: string): Promise<number> {
    const text = await readFile(this.#fileOf(id), "utf8").catch(() => "");
    return parse(text)?.generation ?? 0;
  }

  async #tell(mark: Mark): Promise<void> {
    await writeFileAtomically(this.#fileOf(mark.id), JSON.stringify(mark));
  }

  /** One for each browser: each has secrets of its own. */
  #fileOf(id: string): string {
    return join(this.#directory, `storage-${id}.json`);
  }
}

function parse(text: string): Mark | undefined {
  try {
    return markSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
