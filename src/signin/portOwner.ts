import { readdir, readFile, readlink } from "node:fs/promises";
import { get } from "node:http";
import { connect } from "node:net";
import { basename } from "node:path";
import { type Clock, delay } from "../platform/clock.ts";

/** Who listens on a port, as far as the system says. */
export interface PortOwner {
  /** Another window's sign-in of this extension. */
  readonly ours: boolean;
  /** The program's name; letters, digits, `-`, `_` and `.` only. */
  readonly program?: string;
  readonly pid?: number;
}

const probeTimeoutMs = 1_000;
const cancelTimeoutMs = 2_000;
/** In every page of our callback server. */
const ourMark = "Sign in with ChatGPT for VS Code";
const listening = "0A";

/** Finds out who listens on a loopback port. Never throws: what cannot be told is left out. */
export async function findPortOwner(port: number): Promise<PortOwner> {
  const [page, holder] = await Promise.all([
    request(port, "/", probeTimeoutMs).catch(() => ""),
    findProcess(port).catch(() => undefined),
  ]);
  return { ours: page.includes(ourMark), ...holder };
}

/**
 * Asks a login server to end itself, as the Codex CLI's does on `/cancel` (protocol.md section 2): the login that waits
 * there is lost, so only ever with the person's word. Gives it two seconds to leave the port. Never throws: whether it
 * worked is seen at the port.
 */
export async function cancelOtherLogin(port: number, clock: Clock): Promise<void> {
  await request(port, "/cancel", cancelTimeoutMs).catch(() => "");
  for (let attempts = 10; attempts > 0 && (await isTaken(port)); attempts -= 1) await delay(clock, 200);
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket
      .on("error", () => resolve(false))
      .on("connect", () => {
        socket.destroy();
        resolve(true);
      });
  });
}

/** The first bytes of what a listener answers. */
function request(port: number, path: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = get({
      ...{ host: "127.0.0.1", port, path, agent: false },
      headers: { Host: `localhost:${port}`, Connection: "close" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
        if (text.length > 64 * 1024) response.destroy();
      });
      response.on("error", reject).on("close", () => resolve(text));
    });
  });
}

/** Linux's own tables: the port's socket, and the process that has it open. Others' processes show only to root. */
async function findProcess(port: number): Promise<{ program: string; pid: number } | undefined> {
  const inodes = new Set((await Promise.all(["tcp", "tcp6"].map((table) => listeners(table, port)))).flat());
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const executable = await readlink(`/proc/${pid}/exe`).catch(() => "");
      const program = basename(executable.replace(/ \(deleted\)$/, ""));
      return /^[\w.-]{1,40}$/.test(program) ? { program, pid: Number(pid) } : undefined;
    }
  }
  return undefined;
}

/** The inodes of the sockets that listen on a port, from one of the kernel's tables. */
async function listeners(table: string, port: number): Promise<string[]> {
  const text = await readFile(`/proc/net/${table}`, "utf8").catch(() => "");
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === listening)
    .flatMap((fields) => fields[9] ?? []);
}
