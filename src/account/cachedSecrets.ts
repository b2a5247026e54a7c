import { randomBytes } from "node:crypto";
import { parseJson } from "../platform/json.ts";
import { TaskQueue } from "../platform/taskQueue.ts";
import { Problem } from "../shared/problem.ts";
import { type LimitedSecrets, limitSecrets, type SecretLimits } from "./limitSecrets.ts";
import { readSecret, type SecretStorage } from "./secretStorage.ts";
import {
  type AllMarks,
  type Claim,
  type Mark,
  markSchema,
  nameOfClaim,
  type Published,
  StorageMarks,
} from "./storageMarks.ts";

const markKey = "storage";

/** What the folder told when this window first looked, and when that was, ms since 1970. */
interface Beginning extends AllMarks {
  readonly at: number;
}

export interface CachedSecretsOptions {
  limits?: SecretLimits | undefined;
  /** When the page was loaded, or a moment earlier, ms since 1970; minus infinity where nobody knows. */
  loadedAt?: number | undefined;
  /** The time now, ms since 1970. */
  now?: () => number;
}

/**
 * The secrets of VS Code on the web. A window there sees what was stored when its page was loaded, and stores all that
 * it knows with each change, so it would undo the changes of other windows. That is why each change counts up a
 * generation, among the secrets and in a folder that all windows see. A window whose generation is behind must not
 * write, and must not use a refresh token that it has read. Nor must one that has found no generation when somebody has
 * begun to count since: it may be another window of the same browser.
 */
export class CachedSecrets implements SecretStorage {
  readonly #secrets: LimitedSecrets;
  readonly #marks: StorageMarks;
  readonly #loadedAt: number;
  readonly #now: () => number;
  readonly #changes = new TaskQueue();
  readonly #beginning: Promise<Beginning>;
  /** The newest mark that this window has read or written: one that reads as missing or older takes nothing away. */
  #known: Mark | undefined;
  #hasPublished = false;
  /** The counts of this window that were taken back. Where a first store came late, others go on with its count. */
  readonly #takenBack = new Set<string>();
  /** The last generation that this window has claimed. */
  #claimed = 0;

  /** @param directory a folder that all windows share */
  constructor(
    secrets: SecretStorage,
    directory: string,
    { limits, loadedAt, now = Date.now }: CachedSecretsOptions = {},
  ) {
    this.#secrets = limitSecrets(secrets, limits, () => this.assertCurrent());
    this.#marks = new StorageMarks(directory);
    this.#now = now;
    this.#loadedAt = loadedAt ?? now();
    this.#beginning = this.#look();
  }

  get onDidChange(): SecretStorage["onDidChange"] {
    return this.#secrets.onDidChange;
  }

  get(key: string): PromiseLike<string | undefined> {
    return this.#secrets.get(key);
  }

  keys(): PromiseLike<string[]> {
    return this.#secrets.keys();
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
    const isStale = mark ? await this.#isBehind(mark) : (await this.#begunSince()).length > 0;
    if (isStale || (await this.#isContinued())) throw new Problem("staleWindow");
  }

  #change(write: () => PromiseLike<void>): Promise<void> {
    return this.#changes.run(async () => {
      await this.assertCurrent();
      const mark = await this.#mark();
      const next = await this.#claim(mark ?? (await this.#begin()));
      try {
        await this.#secrets.store(markKey, JSON.stringify(next));
      } catch (error) {
        if (!mark) await this.#takeBack(next.id);
        throw error;
      }
      this.#known = next;
      try {
        await write();
      } finally {
        // Also when the change has failed: the count is stored.
        await this.#publish(next);
      }
    });
  }

  async #mark(): Promise<Mark | undefined> {
    const text = await readSecret(this.#secrets, markKey);
    const read = text === undefined ? undefined : markSchema.safeParse(parseJson(text)).data;
    if (read && (!this.#known || read.generation > this.#known.generation)) this.#known = read;
    return this.#known;
  }

  /** Whether another window has changed something, or is about to. */
  async #isBehind(mark: Mark): Promise<boolean> {
    const [published, claims] = await Promise.all([this.#marks.published(mark.id), this.#marks.claims(mark)]);
    if (published && published.generation > mark.generation) {
      // Where the browser has lost the mark of a change that was made before this window was loaded, or a late write has
      // replaced it, what this window has is all that there is, and no reload would show more.
      if (await this.#isNew(published)) return true;
    }
    // What others have told is gone, so this window cannot know. One that is loaded then tells what it has read.
    if (!published && (this.#hasPublished || (await this.#isEarlier(mark.id)))) return true;
    if (!published) await this.#publish(mark);
    return (await this.#newOf(mark.id, claims)).length > 0;
  }

  /** Begins to count the secrets of a browser in which nobody has. @throws Problem `staleWindow` */
  async #begin(): Promise<Mark> {
    const mark = { id: randomBytes(8).toString("hex"), generation: 0 };
    await this.#publish(mark, this.#now());
    const others = (await this.#begunSince()).filter((id) => id !== mark.id);
    if (others.length === 0) return mark;
    // Two at the same moment: whoever is loaded again can.
    await this.#marks.remove(mark.id).catch(() => {});
    throw new Problem("staleWindow");
  }

  /**
   * Ends a count whose first store is reported as failed, unless it can be read: this window would take it for another's.
   * The next change begins a new one, of which windows that were loaded meanwhile hear.
   */
  async #takeBack(id: string): Promise<void> {
    const stored = await this.#mark().catch(() => undefined);
    if (stored?.id === id) return;
    const isRemoved = await this.#marks.remove(id).then(
      () => true,
      () => false,
    );
    if (isRemoved) this.#takenBack.add(id);
  }

  /** Whether another window has read a count that this one has taken back, and goes on with it. */
  async #isContinued(): Promise<boolean> {
    if (this.#takenBack.size === 0) return false;
    return (await this.#marks.ids()).some((id) => this.#takenBack.has(id));
  }

  /** @throws Problem `staleWindow` when another window has claimed the next change */
  async #claim({ id, generation }: Mark): Promise<Mark> {
    // The claim of a window that was ended before this one was loaded was never made good, or is what was read.
    const [published, claims] = await Promise.all([this.#marks.published(id), this.#marks.claims({ id, generation })]);
    const counted = [generation, published?.generation ?? 0, ...claims.map((claim) => claim.generation)];
    const next = { id, generation: Math.max(...counted) + 1 };
    const isNewest = (await this.#newOf(id, claims)).length === 0;
    if (!isNewest || !(await this.#marks.claim(next, this.#now()))) throw new Problem("staleWindow");
    this.#claimed = next.generation;
    return next;
  }

  async #publish(mark: Mark, begunAt?: number): Promise<void> {
    try {
      await this.#marks.publish(mark, { at: this.#now(), begunAt });
      this.#hasPublished = true;
    } catch {
      // Where the folder cannot be written, windows do not hear of each other; what is stored stays stored.
    }
  }

  async #look(): Promise<Beginning> {
    const all = await this.#marks.all();
    return { ...all, at: this.#now() };
  }

  /** Whether a change was published after this window was loaded, as far as can be told. */
  async #isNew({ id, generation, at }: Published): Promise<boolean> {
    const { published } = await this.#beginning;
    return published.get(id)?.generation !== generation || at === undefined || (await this.#isSince(at));
  }

  /** The claims of others that were made after this window was loaded, as far as can be told. */
  async #newOf(id: string, claims: readonly Claim[]): Promise<Claim[]> {
    const { claims: earlier } = await this.#beginning;
    const others = claims.filter(({ generation }) => generation > this.#claimed);
    const areNew = await Promise.all(
      others.map(({ generation, at }) => !earlier.has(nameOfClaim({ id, generation })) || this.#isSince(at)),
    );
    return others.filter((_, position) => areNew[position]);
  }

  /**
   * Whether a time that the folder told when this window first looked is after its page was loaded. Where it is still to
   * come, the clock was set back since, and that was before: a page is not loaded in the middle of it.
   */
  async #isSince(at: number): Promise<boolean> {
    if (this.#loadedAt === Number.NEGATIVE_INFINITY) return true;
    const beginning = await this.#beginning;
    return at >= this.#loadedAt && (at <= beginning.at || at === Number.POSITIVE_INFINITY);
  }

  /** Whether a browser was counted before this window was loaded, or at that very moment. */
  async #isEarlier(id: string): Promise<boolean> {
    const { published } = await this.#beginning;
    const { begunAt = Number.NEGATIVE_INFINITY } = published.get(id) ?? {};
    return published.has(id) && (begunAt === this.#loadedAt || !(await this.#isSince(begunAt)));
  }

  /** The browsers that others have begun to count since this window was loaded. One of them may be this browser. */
  async #begunSince(): Promise<string[]> {
    const ids = await this.#marks.ids();
    const areEarlier = await Promise.all(ids.map((id) => this.#isEarlier(id)));
    return ids.filter((_, position) => !areEarlier[position]);
  }
}
