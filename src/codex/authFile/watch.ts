import { type FSWatcher, watch } from "node:fs";
import { readlink, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { Clock } from "../../platform/clock.ts";
import type { Disposable } from "../../platform/disposables.ts";
import { halfWritten } from "./contents.ts";
import { type AuthFileRead, readAuthFile } from "./read.ts";

export interface WatchOptions {
  /** The file as the caller knows it: a difference is reported at once. Without it, the first look is not reported. */
  readonly known?: AuthFileRead;
  readonly clock: Clock;
}

/** A folder under watch and the names in it that matter. */
interface WatchedFolder {
  readonly watcher: FSWatcher;
  readonly inode: number;
  names: ReadonlySet<string>;
}

/** One write causes several events, which are collected for this long, ms. */
const gatherMs = 20;
/**
 * The Codex CLI truncates and rewrites its file in place: a missing or half written file is ignored for this long, ms.
 */
const settleMs = 150;
/** Used only where the system cannot watch a folder (too many watches, some network disks), ms. */
const fallbackPollMs = 5000;

/**
 * Follows an auth.json through every change: rewritten in place, replaced, deleted, created again, with its folder or
 * the target of its symbolic link. Calls back with the file, only when its content (or whether it can be read) differs
 * from the last report; whole files within about 50 ms.
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
  #reported: string | undefined;
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
    this.#reported = options.known && keyOf(options.known);
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
      // What happens after the folders are watched causes an event; what happened before is read now.
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
    if (this.#reported === undefined) {
      this.#reported = key;
      return;
    }
    if (key === this.#reported) {
      this.#doubtfulSince = undefined;
      return;
    }
    if (isDoubtful(read)) {
      this.#doubtfulSince ??= this.#clock.elapsed();
      const left = this.#doubtfulSince + settleMs - this.#clock.elapsed();
      if (left > 0) {
        this.#lookAfter(Math.min(left, 2 * gatherMs));
        return;
      }
    }
    this.#doubtfulSince = undefined;
    this.#reported = key;
    this.#onChange(read);
  }

  /** Watches the folders that matter now and no others. True when they have changed and must be looked at again. */
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
        // The Codex CLI writes its databases and logs beside the file. An event with the folder's own name is its end.
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
 * The folders whose events concern a file: its own, and those that its symbolic links lead to. Instead of a folder that
 * does not exist yet, the nearest one above it.
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

/** Whether this may be a moment in the middle of a write. */
function isDoubtful(read: AuthFileRead): boolean {
  return read.status === "missing" || halfWritten(read) !== undefined;
}

function keyOf(read: AuthFileRead): string {
  return read.status === "read" ? read.fingerprint : read.status;
}
