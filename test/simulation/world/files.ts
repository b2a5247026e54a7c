/** A file or a folder, whatever its names are. */
export interface Item {
  /** The text of a file; undefined for a folder. */
  text: string | undefined;
  mtimeMs: number;
  readonly ino: number;
}

/** What Node tells of a file or a folder. */
export function statOf({ mtimeMs, text, ino }: Item) {
  return {
    ...{ mtimeMs, ino, dev: 1, uid: 1000, gid: 1000, mode: 0o600, size: text?.length ?? 0 },
    isFile: () => text !== undefined,
    isDirectory: () => text === undefined,
    isSymbolicLink: () => false,
  };
}

export function isAuthFile(path: string): boolean {
  return path.endsWith("/auth.json");
}

/** Whether a path is a folder, in it, or above it. */
export function isOf(path: string, folder: string): boolean {
  return `${path}/`.startsWith(`${folder}/`) || folder.startsWith(`${path}/`);
}

export function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
