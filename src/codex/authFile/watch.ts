import { type FSWatcher, watch } from "node:fs";
import { readlink, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { Clock } from "../../platform/clock.ts";
import type { Disposable } from "../../platform/disposables.ts";
import { parseAuthFile } from "./parse.ts";
import { type AuthFileRead, readAuthFile } from "./read.ts";

export interface WatchOptions {
  /** The file as the caller knows it: what differs from it is told at once. Without it the first look is not told. */
  readonly known?: AuthFileRead;
  readonly clock: Clock;
}

/** A folder under watch and the names in it that matter. */
interface WatchedFolder {
  readonly watcher: FSWatcher;
  readonly inode: number;
  names: ReadonlySet<string>;
}

/** One write is several events; this long they are gathered. */
const gatherMs = 20;
/** The CLI truncates and rewrites in place: for this long an absent or half written file is not believed. */
const settleMs = 150;
/** Only where the system cannot watch a folder (too many watches, some network disks). */
const fallbackPollMs = 5000;

/**
 * Follows an auth.json through everything that may happen to it: rewritten in place, replaced, deleted, created
 * anew, its folder too, and, where it is a symbolic link, the file it leads to. Calls back with the file read anew,
 * only when its content (or whether it can be read) differs from what was last told; whole files within about 50 ms.
 */
export function watchAuthFile(path: string, onChange: (read: AuthFileRead) => void, options: WatchOptions): Disposable {
  const watcher = new AuthFileWatcher(resolve(path), onChange, options);
  return { dispose: () => watcher.dispose() };
}

class AuthFileWatcher {
  readonly #path: string;
  readonly #onChange: (read: AuthFileRead) => void;
  readonly #clock: Clock;
  readonly #folders = new Map<string, WatchedFolder>();
  #told: string | undefined;
  #timer: Disposable | undefined;
  #poll: Disposable | undefined;
  #looking = false;
  #again = false;
  #doubtfulSince: number | undefined;
  #disposed = false;

  constructor(path: string, onChange: (read: AuthFileRead) => void, options: WatchOptions) {
    this.#path = path;
    this.#onChange = onChange;
    this.#clock = options.clock;
    this.#told = options.known && keyOf(options.known);
    void this.#look();
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer?.dispose();
    this.#poll?.dispose();
    for (const { watcher } of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #lookAfter(ms: number): void {
    if (this.#disposed || this.#timer) return;
    this.#timer = this.#clock.after(ms, () => {
      this.#timer = undefined;
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    try {
      // Whatever happens after the folders are watched makes an event; whatever happened before is read now.
      while (await this.#watchFolders()) if (this.#disposed) return;
      const read = await readAuthFile(this.#path);
      if (!this.#disposed) this.#consider(read);
    } finally {
      this.#looking = false;
    }
    if (this.#again) {
      this.#again = false;
      this.#lookAfter(gatherMs);
    }
  }

  #consider(read: AuthFileRead): void {
    const key = keyOf(read);
    if (this.#told === undefined) {
      this.#told = key;
      return;
    }
    if (key === this.#told) {
      this.#doubtfulSince = undefined;
      return;
    }
    if (isDoubtful(read)) {
      this.#doubtfulSince ??= this.#clock.now();
      const left = this.#doubtfulSince + settleMs - this.#clock.now();
      if (left > 0) {
        this.#lookAfter(Math.min(left, 2 * gatherMs));
        return;
      }
    }
    this.#doubtfulSince = undefined;
    this.#told = key;
    this.#onChange(read);
  }

  /** Watches the folders that matter now and no others. True when that has changed, so that they are looked at again. */
  async #watchFolders(): Promise<boolean> {
    const wanted = await foldersToWatch(this.#path);
    if (this.#disposed) return false;
    let changed = false;
    for (const [folder, { watcher, inode }] of this.#folders) {
      if (wanted.get(folder)?.inode === inode) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const [folder, { names, inode }] of wanted) {
      const present = this.#folders.get(folder);
      if (present) present.names = names;
      else if (this.#watchFolder(folder, names, inode)) changed = true;
      else this.#pollInstead();
    }
    return changed;
  }

  #watchFolder(folder: string, names: ReadonlySet<string>, inode: number): boolean {
    try {
      const watcher = watch(folder, { persistent: false });
      const watched: WatchedFolder = { watcher, names, inode };
      this.#folders.set(folder, watched);
      watcher.on("change", (_event, name) => {
        // The CLI writes its databases and logs beside the file. A folder's own name tells of its end.
        const other = typeof name === "string" && !watched.names.has(name) && name !== basename(folder);
        if (!other) this.#lookAfter(gatherMs);
      });
      // Windows reports the end of a watched folder as an error.
      watcher.on("error", () => {
        watcher.close();
        if (this.#folders.get(folder) === watched) this.#folders.delete(folder);
        this.#lookAfter(gatherMs);
      });
      return true;
    } catch {
      return false;
    }
  }

  #pollInstead(): void {
    this.#poll ??= this.#clock.after(fallbackPollMs, () => {
      this.#poll = undefined;
      void this.#look();
    });
  }
}

/**
 * The folders whose events concern a file: its own, and those that its symbolic links lead to; where one does not
 * exist yet, the nearest that does, waiting for the next step of the way to appear.
 */
async function foldersToWatch(path: string): Promise<Map<string, { names: Set<string>; inode: number }>> {
  const result = new Map<string, { names: Set<string>; inode: number }>();
  let file: string | undefined = path;
  for (let hop = 0; file !== undefined && hop < 40; hop++) {
    let folder = dirname(file);
    let name = basename(file);
    let inode = await inodeOf(folder);
    while (inode === undefined && dirname(folder) !== folder) {
      name = basename(folder);
      folder = dirname(folder);
      inode = await inodeOf(folder);
    }
    if (inode !== undefined) {
      const entry = result.get(folder) ?? { names: new Set<string>(), inode };
      entry.names.add(name);
      result.set(folder, entry);
    }
    const link: string | undefined = await readlink(file).catch(() => undefined);
    file = link === undefined ? undefined : resolve(dirname(file), link);
  }
  return result;
}

async function inodeOf(folder: string): Promise<number | undefined> {
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() ? found.ino : undefined;
}

/** A state that a rewrite passes through. */
function isDoubtful(read: AuthFileRead): boolean {
  if (read.status === "missing") return true;
  if (read.status !== "read") return false;
  const result = parseAuthFile(read.text);
  return !result.ok && (result.problem.reason === "empty" || result.problem.reason === "notJson");
}

function keyOf(read: AuthFileRead): string {
  return read.status === "read" ? read.fingerprint : read.status;
}
