import { constants } from "node:fs";
import { type FileHandle, lstat, open, readlink } from "node:fs/promises";
import { join, parse, resolve, sep } from "node:path";
import { errnoOf } from "../../platform/errno.ts";

/** An open folder, so that nobody can replace it between two steps. */
export interface PinnedFolder {
  /** A path to the folder that was opened, even when its name leads elsewhere by now (only on Linux). */
  readonly path: string;
  /**
   * Whether a file of this user may be replaced by one that they will own: anybody can put a file into an open folder.
   */
  trusts(uid: number): boolean;
  /** Saves a rename from a power cut. Does nothing where that is not possible (Windows). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Resolved {
  /** The file that the path leads to, with no symbolic link on the way; it need not exist. */
  readonly target: string;
  /** Whose links were followed. */
  readonly linkOwners: ReadonlySet<number>;
}

/** Follows every symbolic link on the way to a file, a dangling one too. */
export async function resolveLinks(path: string): Promise<Resolved> {
  const linkOwners = new Set<number>();
  const start = resolve(path);
  let { root: current } = parse(start);
  let rest = partsOf(start);
  for (let hops = 0; rest.length > 0; ) {
    const next = join(current, rest.shift() ?? "");
    const found = await lstat(next).catch(ignoreMissing);
    if (!found?.isSymbolicLink()) {
      current = next;
      continue;
    }
    if (++hops > 40) throw Object.assign(new Error("Too many symbolic links."), { code: "ELOOP" });
    linkOwners.add(found.uid);
    const led = resolve(current, await readlink(next));
    rest = [...partsOf(led), ...rest];
    current = parse(led).root;
  }
  return { target: current, linkOwners };
}

/**
 * Opens a folder to work in.
 * @param path without a symbolic link
 * @throws where root has followed another user's link and the folder is not that user's: with the powers of root, the
 * link would write where its owner may not. Also where something else has replaced the folder since
 */
export async function pinFolder(path: string, linkOwners: ReadonlySet<number>): Promise<PinnedFolder> {
  const flags = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);
  const isRoot = process.geteuid?.() === 0;
  const handle = await open(path, flags).catch((error: unknown) => {
    // Root may open everything: something else has replaced the folder.
    if (isRoot) throw error;
    return undefined;
  });
  try {
    const found = isRoot ? await handle?.stat() : undefined;
    if (found && [...linkOwners].some((owner) => owner !== 0 && owner !== found.uid)) throw denied();
    return {
      trusts: (uid) => !found || uid === 0 || uid === found.uid || (found.mode & 0o022) === 0,
      path: (handle && (await pathOf(handle, path))) ?? path,
      sync: async () => handle?.sync().catch(() => undefined),
      close: async () => handle?.close().catch(() => undefined),
    };
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw error;
  }
}

/** A path to an open folder without its name; undefined where the system has none. */
async function pathOf(handle: FileHandle, path: string): Promise<string | undefined> {
  if (process.platform !== "linux") return undefined;
  const own = `/proc/self/fd/${handle.fd}`;
  const named = await readlink(own).catch(() => undefined);
  if (named === undefined) return undefined;
  // A part of the path has become a link since it was checked.
  if (named !== path) throw denied();
  return own;
}

function partsOf(path: string): string[] {
  return path
    .slice(parse(path).root.length)
    .split(sep)
    .filter((part) => part !== "");
}

function ignoreMissing(error: unknown): undefined {
  const code = errnoOf(error);
  if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
}

export function denied(): Error {
  return Object.assign(new Error("A link or a file was put there by another user."), { code: "EACCES" });
}
