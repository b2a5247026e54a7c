import { readFile } from "node:fs/promises";
import { SocketAddress } from "node:net";
import { endianness } from "node:os";
import { errnoOf } from "./errno.ts";

/** A line of Linux's tables of TCP sockets. */
export interface SocketRow {
  /** Address and port of either end, as the kernel writes them. */
  readonly local: string;
  readonly remote: string;
  /** The kernel's number of it, such as `0A` for one that listens. */
  readonly state: string;
  /** The user's id. */
  readonly user: number;
  /** `0` where no program has the socket open. */
  readonly inode: string;
}

let running: Promise<unknown> = Promise.resolve();
let next: Promise<readonly SocketRow[]> | undefined;

/**
 * The TCP sockets of this computer, of either kind; none where the system has no such tables, or shows them to nobody.
 * Calls during a read share the one after it, which knows every socket that was there when they came.
 * @throws when a table cannot be read for another reason
 */
export function readSocketTable(): Promise<readonly SocketRow[]> {
  if (next) return next;
  const read = running.then(() => {
    next = undefined;
    return readTables();
  });
  next = read;
  running = read.catch(() => {});
  return read;
}

async function readTables(): Promise<readonly SocketRow[]> {
  return (await Promise.all(["tcp", "tcp6"].map(readTable))).flatMap(socketRows);
}

async function readTable(table: string): Promise<string> {
  try {
    return await readFile(`/proc/net/${table}`, "utf8");
  } catch (error) {
    // Any other error is of the moment, and others can bring it about, such as EMFILE.
    if (["ENOENT", "EACCES"].includes(errnoOf(error) ?? "")) return "";
    throw error;
  }
}

/** The rows of one table. */
export function socketRows(table: string): readonly SocketRow[] {
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .map(([, local = "", remote = "", state = "", , , , user, , inode = ""]) => {
      return { local, remote, state, user: Number(user), inode };
    });
}

/** Whether an end of a socket has this port, and this address if one is given. */
export function isEnd(end: string, port: number, address?: string): boolean {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  if (!end.endsWith(ending)) return false;
  return address === undefined || addressIn(end.slice(0, -ending.length)) === plain(address);
}

/** An address as the kernel writes it: words of four bytes, in the order of this computer. */
function addressIn(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => {
    const inOrder = [...Buffer.from(word, "hex")];
    return endianness() === "LE" ? inOrder.reverse() : inOrder;
  });
  if (bytes.length === 4) return bytes.join(".");
  const groups = Buffer.from(bytes).toString("hex").match(/.{4}/g) ?? [];
  return plain(new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address);
}

/** Without the zone, and IPv4 as such where an IPv6 socket reached it. */
function plain(address: string): string {
  return address.replace(/%.*/, "").replace(/^::ffff:(?=\d+\.)/, "");
}
