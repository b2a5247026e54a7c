// In place of `node:fs/promises` for the modules under test.
import { constants } from "node:fs";
import { statOf } from "./files.ts";
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
/** Opens a file or a folder. @param flags a text, or a number, which only reads and changes what is there */
export async function open(path: string, flags: string | number = "r") {
  const files = folder();
  const item = await files.open(path, typeof flags === "string" ? flags : "r");
  if (typeof flags === "number" && flags & constants.O_DIRECTORY && item.text !== undefined) {
    throw Object.assign(new Error(`ENOTDIR: ${path}`), { code: "ENOTDIR" });
  }
  let position = 0;
  return {
    fd: item.ino,
    stat: async () => statOf(item),
    read: async (buffer: Buffer) => {
      const bytes = Buffer.from(await files.read(path, item)).subarray(position, position + buffer.length);
      bytes.copy(buffer);
      position += bytes.length;
      return { bytesRead: bytes.length, buffer };
    },
    writeFile: (text: string) => files.write(path, item, text),
    sync: async () => {},
    chown: async () => {},
    chmod: async () => {},
    close: async () => {},
  };
}
export const link = (from: string, to: string) => folder().link(from, to);
export const readdir = (path: string) => folder().readdir(path);
export const access = async (path: string) => void (await folder().stat(path));
export const realpath = async (path: string) => path;
export const readlink = async (path: string) => folder().fail("EINVAL", path);
export const lstat = stat;
