import type { Faults } from "./faults.ts";
import { errno, type Item, isAuthFile, isOf, nameOf, parentsOf, statOf } from "./files.ts";
import type { Process } from "./process.ts";
import { World } from "./world.ts";

/** Somebody who is told of changes in a folder. */
interface Watcher {
  readonly folder: string;
  readonly process: Process;
  readonly tell: (name: string) => void;
}

/** Longer than anybody waits for a lock. */
const hauntedMs = 90_000;
const failures = ["EIO", "EBUSY", "EACCES", "EPERM"] as const;

/** The folder that all windows share, in memory. Its calls may fail or be slow, and what is in it may vanish. */
export class SharedFolder {
  readonly items = new Map<string, Item>();
  /** How often something was written. */
  writes = 0;
  readonly watchers = new Set<Watcher>();
  /** Every text that files have had, by path, oldest first. Locks, notes and marks are not kept. */
  readonly history = new Map<string, string[]>();
  /** By file: when a call of it last went wrong, ms. */
  readonly trouble = new Map<string, number>();
  readonly #world: World;
  readonly #faults: Faults;
  #made = 0;
  /** By path: until when it can neither be made nor found, ms. */
  readonly #haunted = new Map<string, number>();

  constructor(world: World, faults: Faults) {
    this.#world = world;
    this.#faults = faults;
  }

  mkdir(path: string, isRecursive: boolean): Promise<void> {
    return this.#call("mkdir", path, () => {
      if (this.items.has(path) || this.#isHaunted(path)) {
        if (isRecursive) return;
        throw errno("EEXIST", path);
      }
      if (!isRecursive && !this.#hasParent(path)) throw errno("ENOENT", path);
      if (isRecursive) for (const parent of parentsOf(path)) this.#put(parent, undefined);
      this.#put(path, undefined);
    });
  }

  rmdir(path: string): Promise<void> {
    return this.#call("rmdir", path, () => {
      const item = this.#item(path);
      if (item.text !== undefined) throw errno("ENOTDIR", path);
      if ([...this.items.keys()].some((other) => other.startsWith(`${path}/`))) throw errno("ENOTEMPTY", path);
      this.#remove(path);
    });
  }

  stat(path: string) {
    return this.#call("stat", path, () => {
      return statOf(this.#item(path));
    });
  }

  utimes(path: string, modified: Date | number): Promise<void> {
    return this.#call("utimes", path, () => {
      this.#item(path).mtimeMs = typeof modified === "number" ? modified * 1000 : modified.getTime();
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call("rename", to, () => {
      const item = this.#item(from);
      if (item.text === undefined && this.items.has(to)) throw errno("ENOTEMPTY", to);
      if (!this.#hasParent(to)) throw errno("ENOENT", to);
      this.items.delete(from);
      this.items.set(to, item);
      this.writes += 1;
      this.#changed(from);
      this.#changed(to);
    });
  }

  /** Gives a file a second name. */
  link(from: string, to: string): Promise<void> {
    return this.#call("link", to, () => {
      const item = this.#item(from);
      if (this.items.has(to)) throw errno("EEXIST", to);
      this.items.set(to, item);
      this.#changed(to);
    });
  }

  readFile(path: string): Promise<string> {
    return this.#call("readFile", path, () => {
      const { text } = this.#item(path);
      if (text === undefined) throw errno("EISDIR", path);
      return text;
    });
  }

  /** @param flags `r`, `w` or `wx` */
  open(path: string, flags: string): Promise<Item> {
    return this.#call("open", path, () => {
      if (flags === "r") return this.#item(path);
      if (!this.#hasParent(path)) throw errno("ENOENT", path);
      if (flags === "wx" && this.items.has(path)) throw errno("EEXIST", path);
      this.#put(path, "");
      return this.#item(path);
    });
  }

  /** Writes into an open file, whatever its name is by now. */
  write(path: string, item: Item, text: string): Promise<void> {
    return this.#call("write", path, () => this.#write(path, item, text));
  }

  /** Reads an open file. */
  read(path: string, item: Item): Promise<string> {
    return this.#call("read", path, () => {
      if (item.text === undefined) throw errno("EISDIR", path);
      return item.text;
    });
  }

  /** Something is there, without anybody's call. */
  place(path: string, text: string | undefined): void {
    for (const parent of parentsOf(path)) this.#put(parent, undefined);
    this.#put(path, text);
  }

  /** Something is gone, without anybody's call. */
  take(path: string): void {
    if (this.items.has(path)) this.#remove(path);
  }

  writeFile(path: string, text: string, isNew: boolean): Promise<void> {
    return this.#call("writeFile", path, () => {
      if (!this.#hasParent(path)) throw errno("ENOENT", path);
      if (isNew && this.items.has(path)) throw errno("EEXIST", path);
      this.#put(path, String(text));
      this.writes += 1;
    });
  }

  rm(path: string, { force = false, recursive = false } = {}): Promise<void> {
    return this.#call("rm", path, () => {
      if (!this.items.has(path)) {
        if (force) return;
        throw errno("ENOENT", path);
      }
      if (recursive) this.#removeWithContents(path);
      else this.#remove(path);
    });
  }

  unlink(path: string): Promise<void> {
    return this.#call("unlink", path, () => {
      if (this.#item(path).text === undefined) throw errno("EISDIR", path);
      this.#remove(path);
    });
  }

  readdir(path: string): Promise<string[]> {
    return this.#call("readdir", path, () => {
      this.#item(path);
      const inside = [...this.items.keys()].filter((other) => other.startsWith(`${path}/`));
      return [...new Set(inside.map((other) => other.slice(path.length + 1).split("/")[0] ?? ""))].sort();
    });
  }

  /** Always rejects. */
  fail(code: string, path: string): Promise<never> {
    return this.#call("fail", path, () => {
      throw errno(code, path);
    });
  }

  /** Somebody cleans up. */
  removeAll(isWanted: (name: string) => boolean, except?: string): void {
    for (const path of [...this.items.keys()]) {
      if (!isWanted(nameOf(path)) || (except !== undefined && isOf(path, except))) continue;
      this.#world.log(`${nameOf(path)} vanishes`);
      this.#removeWithContents(path);
      this.trouble.set(nameOf(path), this.#world.now);
    }
  }

  #call<T>(call: string, path: string, act: () => T): Promise<T> {
    const name = nameOf(path);
    const isLock = path.includes(".lock");
    // Each mark and temporary file has a name of its own.
    const kind = name
      .replace(/\d+-[0-9a-f]{8,}$|(?<=chatgpt-sign-in-)\w+$|(?<=backup-)\w+/, "*")
      .replace(/[0-9a-f]{16}/, (id) => id.slice(0, 4));
    const fault = this.#faults.draw(`${World.process?.name} ${call} ${kind}`, [
      ...(["fileFails", "fileSlow"] as const),
      ...(isLock ? (["lockVanishes", "lockHaunted"] as const) : (["fileVanishes"] as const)),
    ]);
    if (fault === "lockHaunted") this.#haunted.set(path, this.#world.now + hauntedMs);
    const ms = 0.1 + this.#world.random.next();
    if (!fault) return this.#world.call(ms, act);
    this.trouble.set(name, this.#world.now);
    const chance = this.#faults.chance(`${this.#world.now}`);
    if (fault === "fileSlow") return this.#world.call(500 + 8_000 * chance, act);
    if (fault === "fileFails") {
      return this.#world.call(ms, () => {
        throw errno(failures[Math.floor(chance * failures.length)] ?? "EIO", path);
      });
    }
    if (fault !== "lockHaunted") {
      // With a folder goes what is in it.
      for (const other of this.items.keys()) if (isOf(other, path)) this.trouble.set(nameOf(other), this.#world.now);
      this.#removeWithContents(path);
    }
    return this.#world.call(ms, act);
  }

  #item(path: string): Item {
    const item = this.items.get(path);
    if (!item || this.#isHaunted(path)) throw errno("ENOENT", path);
    return item;
  }

  #remove(path: string): void {
    this.items.delete(path);
    this.#touchParent(path);
    this.#changed(path);
  }

  #write(path: string, item: Item, text: string): void {
    item.text = text;
    item.mtimeMs = this.#world.wallTime;
    this.#changed(path);
  }

  /** Tells those who watch the folder, and remembers what a file has become. */
  #changed(path: string): void {
    const text = this.items.get(path)?.text;
    if (text && isAuthFile(path)) this.history.set(path, [...(this.history.get(path) ?? []), text]);
    const parent = path.slice(0, path.lastIndexOf("/"));
    for (const watcher of this.watchers) {
      if (watcher.folder !== parent) continue;
      const tell = () => {
        if (this.watchers.has(watcher)) watcher.tell(nameOf(path));
      };
      this.#world.after(3 * this.#world.random.next(), tell, watcher.process);
    }
  }

  #touchParent(path: string): void {
    const parent = this.items.get(path.slice(0, path.lastIndexOf("/")));
    if (parent) parent.mtimeMs = this.#world.wallTime;
  }

  #removeWithContents(path: string): void {
    this.#remove(path);
    for (const other of [...this.items.keys()]) if (other.startsWith(`${path}/`)) this.items.delete(other);
  }

  /** For a while, mkdir says that it exists and everything else that it does not. */
  #isHaunted(path: string): boolean {
    return (this.#haunted.get(path) ?? 0) > this.#world.now && !this.#faults.isCalm;
  }

  #hasParent(path: string): boolean {
    const parent = path.slice(0, path.lastIndexOf("/"));
    return this.items.get(parent)?.text === undefined && this.items.has(parent);
  }

  #put(path: string, text: string | undefined): void {
    const before = this.items.get(path);
    if (before && text === undefined) return;
    if (before) {
      this.#write(path, before, text ?? "");
      return;
    }
    this.#made += 1;
    this.items.set(path, { text, mtimeMs: this.#world.wallTime, ino: this.#made });
    this.#touchParent(path);
    this.#changed(path);
  }
}
