// In place of `node:fs/promises` for the modules under test.
import { playing } from "./playing.ts";
import type { SharedFolder } from "./sharedFolder.ts";

function folder(): SharedFolder {
  if (!playing.folder) throw new Error("No story is playing");
  return playing.folder;
}

export const mkdir = (path: string, options?: { recursive?: boolean }) =>
  folder().mkdir(path, options?.recursive === true);
export const rmdir = (path: string) => folder().rmdir(path);
export const stat = (path: string) => folder().stat(path);
export const utimes = (path: string, _accessed: unknown, modified: Date | number) => folder().utimes(path, modified);
export const rename = (from: string, to: string) => folder().rename(from, to);
export const readFile = (path: string, _encoding?: unknown) => folder().readFile(path);
export const writeFile = (path: string, text: string, options?: { flag?: string } | string) =>
  folder().writeFile(path, text, typeof options === "object" && options.flag === "wx");
export const rm = (path: string, options?: { force?: boolean; recursive?: boolean }) => folder().rm(path, options);
export const unlink = (path: string) => folder().unlink(path);
/** Opens a file; enough for what writes a new one. */
export async function open(path: string, flags = "r") {
  await folder().open(path, flags);
  return {
    writeFile: (text: string) => folder().writeFile(path, text, false),
    readFile: () => folder().readFile(path),
    close: async () => {},
  };
}
export const readdir = (path: string) => folder().readdir(path);
export const access = async (path: string) => void (await folder().stat(path));
export const realpath = async (path: string) => path;
export const readlink = async (path: string) => folder().fail("EINVAL", path);
export const lstat = stat;
