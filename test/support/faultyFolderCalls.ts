import { type FolderCalls, systemFolderCalls } from "../../src/platform/folderCalls.ts";

/** An error as the file system throws it. */
export function systemError(code: string): Error {
  return Object.assign(new Error("failed"), { code });
}

/**
 * The system's calls, with faults.
 * @param before called first, with the call's name and path; the call waits for it, and fails if it throws
 * @returns the calls, and a list of those that were made
 */
export function faultyFolderCalls(before: (call: keyof FolderCalls, path: string) => void | Promise<void>): {
  calls: FolderCalls;
  made: (keyof FolderCalls)[];
} {
  const made: (keyof FolderCalls)[] = [];
  const faulty =
    <T>(name: keyof FolderCalls, call: (path: string) => Promise<T>) =>
    async (path: string): Promise<T> => {
      made.push(name);
      await before(name, path);
      return call(path);
    };
  const { mkdir, mkdirs, modifiedAt, list, touch, rmdir, unlink } = systemFolderCalls;
  const calls = {
    mkdir: faulty("mkdir", mkdir),
    mkdirs: faulty("mkdirs", mkdirs),
    modifiedAt: faulty("modifiedAt", modifiedAt),
    list: faulty("list", list),
    touch: faulty("touch", touch),
    rmdir: faulty("rmdir", rmdir),
    unlink: faulty("unlink", unlink),
  };
  return { calls, made };
}
