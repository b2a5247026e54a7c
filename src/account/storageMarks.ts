import { join } from "node:path";
import * as z from "zod/mini";
import { writeFileAtomically } from "../platform/atomicFile.ts";
import { errnoOf } from "../platform/errno.ts";
import { parseJson } from "../platform/json.ts";
import { limitNoteFiles, type NoteFiles } from "../platform/noteFiles.ts";

/** Tells a browser's secrets from another's, and how often they were changed. */
export const markSchema = z.object({ id: z.string().check(z.regex(/^[0-9a-f]{16}$/)), generation: z.number() });
export type Mark = z.infer<typeof markSchema>;

/** What is published of a browser's secrets. */
const publishedSchema = z.extend(markSchema, {
  /** When a window began to count, ms since 1970. Earlier builds leave it out. */
  begunAt: z.optional(z.number()),
  /** When the change of this generation had been made, ms since 1970. Earlier builds leave it out. */
  at: z.optional(z.number()),
});
export type Published = z.infer<typeof publishedSchema>;
const claimSchema = z.object({ at: z.number() });

/** A window that is about to make a change, or was ended while it did. */
export interface Claim {
  readonly generation: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What is told at one moment. */
export interface AllMarks {
  /** The counts, by their ids; undefined where one cannot be read. */
  readonly published: ReadonlyMap<string, Published | undefined>;
  /** The names of the claims. */
  readonly claims: ReadonlySet<string>;
}

/**
 * What windows on the web tell each other in a folder that they share: how far each browser's secrets have been changed
 * (`storage-<id>.json`), and who is about to change them (`storage-<id>-<generation>.claim`).
 */
export class StorageMarks {
  readonly #directory: string;
  readonly #files: NoteFiles;

  constructor(directory: string, files = limitNoteFiles()) {
    this.#directory = directory;
    this.#files = files;
  }

  /** The count that was published for a browser's secrets. */
  async published(id: string): Promise<Published | undefined> {
    return this.#published(id).catch(() => undefined);
  }

  /** @throws the system's error, or NoAnswer */
  async #published(id: string): Promise<Published | undefined> {
    const text = await this.#files.read(this.#fileOf(id)).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    });
    return publishedSchema.safeParse(parseJson(text)).data;
  }

  /** The browsers whose secrets were ever counted, by their ids. */
  async ids(): Promise<string[]> {
    return (await this.#names()).flatMap((name) => /^storage-([0-9a-f]{16})\.json$/.exec(name)?.[1] ?? []);
  }

  /** Claims of generations after this one. */
  async claims({ id, generation }: Mark): Promise<Claim[]> {
    const found = (await this.#claimed()).filter((claim) => claim.id === id && claim.generation > generation);
    return Promise.all(
      found.map(async (mark) => {
        const path = this.#claimOf(mark);
        const text = await this.#files.read(path).catch(() => undefined);
        const claim = claimSchema.safeParse(parseJson(text)).data;
        // One that is just being written, or never was to its end.
        return { generation: mark.generation, at: claim?.at ?? (await this.#changedAt(path)) };
      }),
    );
  }

  /** Everything that is told now, by any window. */
  async all(): Promise<AllMarks> {
    const [ids, claimed] = await Promise.all([this.ids(), this.#claimed()]);
    const published = await Promise.all(ids.map(async (id) => [id, await this.published(id)] as const));
    return { published: new Map(published), claims: new Set(claimed.map(nameOfClaim)) };
  }

  /**
   * Claims the next change.
   * @returns whether nobody else has; also where the folder cannot be written: then windows do not hear of each other
   */
  async claim(mark: Mark, at: number): Promise<boolean> {
    try {
      await this.#files.mkdirs(this.#directory);
      await this.#files.create(this.#claimOf(mark), JSON.stringify({ at }));
      return true;
    } catch (error) {
      return errnoOf(error) !== "EEXIST";
    }
  }

  /**
   * Publishes a change, and removes the claims that it has made good. One that took long may come when a later one is
   * published: that stays.
   * @throws the system's error, or NoAnswer, also where it cannot be read how far the count has come
   */
  async publish(mark: Mark, { at, begunAt }: Pick<Published, "at" | "begunAt">): Promise<void> {
    const before = await this.#published(mark.id);
    if (!before || before.generation <= mark.generation) {
      const since = begunAt ?? before?.begunAt;
      const published: Published = {
        ...mark,
        ...(at !== undefined && { at }),
        ...(since !== undefined && { begunAt: since }),
      };
      await writeFileAtomically(this.#fileOf(mark.id), JSON.stringify(published));
    }
    const claims = await this.claims({ id: mark.id, generation: 0 });
    const over = claims.filter(({ generation }) => generation <= mark.generation);
    await Promise.all(over.map(({ generation }) => this.#files.remove(this.#claimOf({ id: mark.id, generation }))));
  }

  /** Takes back that a browser's secrets are counted. */
  async remove(id: string): Promise<void> {
    const claims = await this.claims({ id, generation: 0 });
    const files = claims.map(({ generation }) => this.#claimOf({ id, generation }));
    await Promise.all([this.#fileOf(id), ...files].map((file) => this.#files.remove(file)));
  }

  async #claimed(): Promise<Mark[]> {
    return (await this.#names()).flatMap((name) => {
      const [, id, generation] = /^storage-([0-9a-f]{16})-(\d+)\.claim$/.exec(name) ?? [];
      return id === undefined ? [] : [{ id, generation: Number(generation) }];
    });
  }

  /** When a file was changed last, ms since 1970; infinite where that cannot be read. */
  #changedAt(path: string): Promise<number> {
    return this.#files.modifiedAt(path).catch(() => Number.POSITIVE_INFINITY);
  }

  async #names(): Promise<string[]> {
    return this.#files.list(this.#directory).catch(() => []);
  }

  /** One for each browser: browsers do not share secrets. */
  #fileOf(id: string): string {
    return join(this.#directory, `storage-${id}.json`);
  }

  #claimOf(mark: Mark): string {
    return join(this.#directory, nameOfClaim(mark));
  }
}

export function nameOfClaim({ id, generation }: Mark): string {
  return `storage-${id}-${generation}.claim`;
}
