import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";

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
  const inodes = new Set((await Promise.all(["tcp", "tcp6"].map((table) => listenersOn(port, table)))).flat());
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    if (await hasSocket(pid, inodes)) return describeProcess(pid);
  }
  return undefined;
}

/** The inodes of the sockets that listen on a port, from one of the kernel's tables. */
async function listenersOn(port: number, table: string): Promise<string[]> {
  const text = await readFile(`/proc/net/${table}`, "utf8").catch(() => "");
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === listening)
    .flatMap((fields) => fields[9] ?? []);
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
