import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { writeFileAtomically } from "../platform/atomicFile.ts";
import { parseJson } from "../platform/json.ts";
import { TaskQueue } from "../platform/taskQueue.ts";
import { Problem } from "../shared/problem.ts";
import { limitSecrets, type SecretLimits } from "./limitSecrets.ts";
import { readSecret, type SecretStorage } from "./secretStorage.ts";

const markKey = "storage";
/** Tells a browser's secrets from another's, and how often they were changed. */
const markSchema = z.object({ id: z.string().check(z.regex(/^[0-9a-f]{16}$/)), generation: z.number() });
type Mark = z.infer<typeof markSchema>;

/**
 * The secrets of VS Code on the web. A window there sees what was stored when its page was loaded, and stores all that
 * it knows with each change, so it would undo the changes of other windows. That is why each change counts up a
 * generation, among the secrets and in a file that all windows see. A window whose generation is behind must not write,
 * and must not use a refresh token that it has read.
 */
export class CachedSecrets implements SecretStorage {
  readonly #secrets: SecretStorage;
  readonly #directory: string;
  readonly #changes = new TaskQueue();
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
    return this.#changes.run(async () => {
      await this.assertCurrent();
      const mark = (await this.#mark()) ?? { id: randomBytes(8).toString("hex"), generation: 0 };
      const next: Mark = { ...mark, generation: mark.generation + 1 };
      await this.#secrets.store(markKey, JSON.stringify(next));
      this.#known = next;
      await write();
      // Where the folder cannot be written, windows do not hear of each other; what is stored stays stored.
      await this.#publish(next).catch(() => {});
    });
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

  async #publish(mark: Mark): Promise<void> {
    await writeFileAtomically(this.#fileOf(mark.id), JSON.stringify(mark));
  }

  /** One for each browser: browsers do not share secrets. */
  #fileOf(id: string): string {
    return join(this.#directory, `storage-${id}.json`);
  }
}

function parse(text: string): Mark | undefined {
  return markSchema.safeParse(parseJson(text)).data;
}
