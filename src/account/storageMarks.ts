import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { writeFileAtomically } from "../platform/atomicFile.ts";
import { errnoOf } from "../platform/errno.ts";
import { parseJson } from "../platform/json.ts";

/** Tells a browser's secrets from another's, and how often they were changed. */
export const markSchema = z.object({ id: z.string().check(z.regex(/^[0-9a-f]{16}$/)), generation: z.number() });
export type Mark = z.infer<typeof markSchema>;

/** What is published of a browser's secrets. */
const publishedSchema = z.extend(markSchema, {
  /** When a window began to count, ms since 1970. Earlier builds leave it out. */
  begunAt: z.optional(z.number()),
});
type Published = z.infer<typeof publishedSchema>;
const claimSchema = z.object({ at: z.number() });

/** A window that is about to make a change, or was ended while it did. */
interface Claim {
  readonly generation: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * What windows on the web tell each other in a folder that they share: how far each browser's secrets have been changed
 * (`storage-<id>.json`), and who is about to change them (`storage-<id>-<generation>.claim`).
 */
export class StorageMarks {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The count that was published for a browser's secrets. */
  async published(id: string): Promise<Published | undefined> {
    const text = await readFile(this.#fileOf(id), "utf8").catch(() => undefined);
    return publishedSchema.safeParse(parseJson(text)).data;
  }

  /** The browsers whose secrets were ever counted, by their ids. */
  async ids(): Promise<string[]> {
    return (await this.#names()).flatMap((name) => /^storage-([0-9a-f]{16})\.json$/.exec(name)?.[1] ?? []);
  }

  /** Claims of generations after this one. */
  async claims({ id, generation }: Mark): Promise<Claim[]> {
    const found = (await this.#names()).flatMap((name) => {
      const match = /^storage-([0-9a-f]{16})-(\d+)\.claim$/.exec(name);
      return match?.[1] === id && Number(match[2]) > generation ? [{ name, generation: Number(match[2]) }] : [];
    });
    return Promise.all(
      found.map(async ({ name, generation: of }) => {
        const text = await readFile(join(this.#directory, name), "utf8").catch(() => undefined);
        // One that is just being written is of now.
        const at = claimSchema.safeParse(parseJson(text)).data?.at ?? Number.POSITIVE_INFINITY;
        return { generation: of, at };
      }),
    );
  }

  /**
   * Claims the next change.
   * @returns whether nobody else has; also where the folder cannot be written: then windows do not hear of each other
   */
  async claim(mark: Mark, at: number): Promise<boolean> {
    try {
      await mkdir(this.#directory, { recursive: true });
      await writeFile(this.#claimOf(mark), JSON.stringify({ at }), { flag: "wx", mode: 0o600 });
      return true;
    } catch (error) {
      return errnoOf(error) !== "EEXIST";
    }
  }

  /**
   * Publishes a change, and removes the claims that it has made good. One that took long may come when a later one is
   * published: that stays.
   */
  async publish(mark: Mark, begunAt?: number): Promise<void> {
    const before = await this.published(mark.id);
    if (!before || before.generation <= mark.generation) {
      const since = begunAt ?? before?.begunAt;
      const published: Published = { ...mark, ...(since !== undefined && { begunAt: since }) };
      await writeFileAtomically(this.#fileOf(mark.id), JSON.stringify(published));
    }
    const claims = await this.claims({ id: mark.id, generation: 0 });
    const over = claims.filter(({ generation }) => generation <= mark.generation);
    await Promise.all(over.map(({ generation }) => rm(this.#claimOf({ id: mark.id, generation }), { force: true })));
  }

  /** Takes back that a browser's secrets are counted. */
  async remove(id: string): Promise<void> {
    const claims = await this.claims({ id, generation: 0 });
    const files = claims.map(({ generation }) => this.#claimOf({ id, generation }));
    await Promise.all([this.#fileOf(id), ...files].map((file) => rm(file, { force: true })));
  }

  async #names(): Promise<string[]> {
    return readdir(this.#directory).catch(() => []);
  }

  /** One for each browser: browsers do not share secrets. */
  #fileOf(id: string): string {
    return join(this.#directory, `storage-${id}.json`);
  }

  #claimOf({ id, generation }: Mark): string {
    return join(this.#directory, `storage-${id}-${generation}.claim`);
  }
}
