import type { Faults } from "./faults.ts";
import { World } from "./world.ts";

interface Item {
  /** The text of a file; undefined for a folder. */
  text: string | undefined;
  mtimeMs: number;
}

const failures = ["EIO", "EBUSY", "EACCES", "EPERM"] as const;

/** The folder that all windows share, in memory. Its calls may fail or be slow, and what is in it may vanish. */
export class SharedFolder {
  readonly items = new Map<string, Item>();
  /** How often something was written. */
  writes = 0;
  /** By file: when a call of it last went wrong, ms. */
  readonly trouble = new Map<string, number>();
  readonly #world: World;
  readonly #faults: Faults;
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
      const { mtimeMs, text } = this.#item(path);
      return { mtimeMs, mode: 0o600, isFile: () => text !== undefined, isDirectory: () => text === undefined };
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
  open(path: string, flags: string): Promise<void> {
    return this.#call("open", path, () => {
      if (flags === "r") this.#item(path);
      else if (!this.#hasParent(path)) throw errno("ENOENT", path);
      else if (flags === "wx" && this.items.has(path)) throw errno("EEXIST", path);
      else this.#put(path, "");
    });
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
  removeAll(isWanted: (name: string) => boolean): void {
    for (const path of [...this.items.keys()]) {
      if (!isWanted(nameOf(path))) continue;
      this.#world.log(`${nameOf(path)} vanishes`);
      this.#removeWithContents(path);
      this.trouble.set(nameOf(path), this.#world.now);
    }
  }

  #call<T>(call: string, path: string, act: () => T): Promise<T> {
    const name = nameOf(path);
    const isLock = path.includes(".lock");
    // Each mark and temporary file has a name of its own.
    const kind = name.replace(/\d+-[0-9a-f]{8,}$/, "*").replace(/[0-9a-f]{16}/, (id) => id.slice(0, 4));
    const fault = this.#faults.draw(`${World.process?.name} ${call} ${kind}`, [
      ...(["fileFails", "fileSlow"] as const),
      ...(isLock ? (["lockVanishes", "lockHaunted"] as const) : (["fileVanishes"] as const)),
    ]);
    if (fault === "lockHaunted") this.#haunted.set(path, this.#world.now + 300_000);
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
    if (fault !== "lockHaunted") this.#removeWithContents(path);
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
  }

  #touchParent(path: string): void {
    const parent = this.items.get(path.slice(0, path.lastIndexOf("/")));
    if (parent) parent.mtimeMs = this.#world.wallTime;
  }

  #removeWithContents(path: string): void {
    this.#remove(path);
    for (const other of [...this.items.keys()]) if (other.startsWith(`${path}/`)) this.items.delete(other);
  }

  /** For some minutes, mkdir says that it exists and everything else that it does not. */
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
    this.items.set(path, { text, mtimeMs: this.#world.wallTime });
    if (!before) this.#touchParent(path);
  }
}

function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
