// In place of `node:fs` for the modules under test.
import { EventEmitter } from "node:events";
import * as fs from "node:fs";
import { playing } from "./playing.ts";
import { World } from "./world.ts";

export const constants = fs.constants;

/** Tells of changes in a folder, as inotify does. @throws where the folder is not there */
export function watch(path: string) {
  const { folder } = playing;
  const { process } = World;
  if (!folder || !process) throw new Error("No story is playing");
  if (folder.items.get(path) === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
  const emitter = new EventEmitter();
  const watcher = { folder: path, process, tell: (name: string) => emitter.emit("change", "change", name) };
  folder.watchers.add(watcher);
  return Object.assign(emitter, { close: () => void folder.watchers.delete(watcher) });
}
