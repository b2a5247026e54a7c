import { readdir, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { isEnd, readSocketTable } from "../platform/socketTable.ts";

/** TCP_LISTEN in the kernel's tables. */
const listening = "0A";

/** The program that listens on a port, and its process id. */
export interface ProcessOnPort {
  /** Letters, digits, `-`, `_` and `.` only. */
  program: string;
  pid: number;
}

/**
 * Finds the process that listens on a TCP port, from Linux's /proc. Undefined on other systems, and for the processes of
 * other users, which only root can see.
 * @throws when /proc cannot be read
 */
export async function findProcessOnPort(port: number): Promise<ProcessOnPort | undefined> {
  const rows = await readSocketTable();
  const listeners = rows.filter(({ local, state }) => isEnd(local, port) && state === listening);
  const inodes = new Set(listeners.map(({ inode }) => inode));
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    if (await hasSocket(pid, inodes)) return describeProcess(pid);
  }
  return undefined;
}

/** Whether a process has one of these sockets open. */
async function hasSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}

async function describeProcess(pid: string): Promise<ProcessOnPort | undefined> {
  const executable = await readlink(`/proc/${pid}/exe`).catch(() => "");
  const program = basename(executable.replace(/ \(deleted\)$/, ""));
  return /^[\w.-]{1,40}$/.test(program) ? { program, pid: Number(pid) } : undefined;
}
