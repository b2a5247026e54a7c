import { createHash } from "node:crypto";
import { readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import * as z from "zod/mini";
import type { Clock } from "../platform/clock.ts";
import { errnoOf } from "../platform/errno.ts";
import { persist } from "../platform/folderCalls.ts";
import { parseJson } from "../platform/json.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { limitNoteFiles, type NoteFiles } from "../platform/noteFiles.ts";
import { remember } from "../platform/remember.ts";
import { claimsPrefix, type RefreshNoteOwner } from "./refreshNotes.ts";

/** Longer than a request to the issuer and storing what it brought can last together, ms. */
const longestUseMs = 75_000;
/** More tries than there can be rivals at one moment: then the folder does not tell the truth. */
const mostTries = 20;
/** How often a claim is tried to be made where the system refuses it in a way that may pass. */
const refusals = 3;

/** The process that made a claim. A process's id means nothing on another computer, or in another container. */
const holderSchema = z.object({ host: z.string(), pid: z.number() });
type Holder = z.infer<typeof holderSchema>;

export interface SpendingClaims {
  /**
   * Claims a refresh token, which works only once, for its use by one window: a lock may be lost while it is held. Where
   * the folder cannot be written, there is nothing to claim, and everybody may go on.
   * @param fingerprint the refresh token's
   * @returns the release, to be called when the outcome is known; undefined while another window may be using the token
   */
  take(owner: RefreshNoteOwner, fingerprint: string): Promise<(() => Promise<void>) | undefined>;
}

/** Claims as files beside the refresh notes. */
export function createSpendingClaims(
  directory: string,
  clock: Clock,
  log: Logger,
  files = limitNoteFiles(),
): SpendingClaims {
  return new FileClaims(directory, clock, log, files);
}

/**
 * The claims on one token are numbered, and the one with the highest number counts. Each is made by a call that fails
 * where the file exists, so of several windows that find the last claim abandoned, one makes the next.
 */
class FileClaims implements SpendingClaims {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #files: NoteFiles;
  /** Since when claims of others have been watched, ms by the clock that nobody can set. */
  readonly #watched = new Map<string, number>();
  readonly #self = remember(thisProcess);

  constructor(directory: string, clock: Clock, log: Logger, files: NoteFiles) {
    this.#directory = directory;
    this.#clock = clock;
    this.#log = log;
    this.#files = files;
  }

  async take(owner: RefreshNoteOwner, fingerprint: string): Promise<(() => Promise<void>) | undefined> {
    const prefix = `${claimsPrefix(owner)}${fingerprint}.`;
    try {
      for (let tries = 0; tries < mostTries; tries += 1) {
        // A claim that the folder does not list may be there: then none can be made in its place.
        const newest = await this.#newest(prefix).catch(() => 0);
        if (newest > 0 && !(await this.#isAbandoned(prefix + newest))) return undefined;
        if (await this.#make(prefix, newest + 1)) return () => this.#remove(prefix + (newest + 1));
      }
    } catch (error) {
      this.#log.warn(`Going on without a claim: ${describeError(error)}`);
    }
    return async () => {};
  }

  /** Makes a claim; false when another window was faster. */
  async #make(prefix: string, number: number): Promise<boolean> {
    const text = JSON.stringify(await this.#self.get());
    const create = () => this.#files.create(join(this.#directory, prefix + number), text);
    try {
      await persist(create, refusals).catch(async (error: unknown) => {
        if (errnoOf(error) !== "ENOENT") throw error;
        await this.#files.mkdirs(this.#directory);
        await create();
      });
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return false;
      throw error;
    }
    // Who was slow may have made one that was there before, and has been passed by others.
    if ((await this.#newest(prefix).catch(() => number)) === number) {
      if (number > 1) await this.#remove(prefix + (number - 1));
      return true;
    }
    await this.#remove(prefix + number);
    return false;
  }

  /** The highest number of a claim; 0 when there is none. */
  async #newest(prefix: string): Promise<number> {
    const names = await this.#files.list(this.#directory).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return [];
      throw error;
    });
    const numbers = names.filter((name) => name.startsWith(prefix)).map((name) => Number(name.slice(prefix.length)));
    return Math.max(0, ...numbers.filter(Number.isSafeInteger));
  }

  /** Whether nobody waits for an answer any more: its process has ended, or it was watched for longer than that takes. */
  async #isAbandoned(name: string): Promise<boolean> {
    const now = this.#clock.elapsed();
    const since = this.#watched.get(name) ?? now;
    this.#watched.set(name, since);
    const text = await this.#files.read(join(this.#directory, name)).catch(() => undefined);
    const holder = holderSchema.safeParse(parseJson(text)).data;
    const { host } = await this.#self.get();
    const isOver = now - since >= longestUseMs || (holder?.host === host && !isRunning(holder.pid));
    if (isOver) this.#watched.delete(name);
    return isOver;
  }

  async #remove(name: string): Promise<void> {
    this.#watched.delete(name);
    await this.#files
      .remove(join(this.#directory, name))
      .catch((error: unknown) => this.#log.warn(`A claim was not released: ${describeError(error)}`));
  }
}

async function thisProcess(): Promise<Holder> {
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  const host = createHash("sha256").update(`${hostname()} ${namespace}`).digest("hex").slice(0, 12);
  return { host, pid: process.pid };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process that is not ours runs, too (EPERM).
    return errnoOf(error) !== "ESRCH";
  }
}
