import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** Root may do everything anyway, and relays that bring a person's browser here run as root, such as WSL's. */
const root = 0;

/**
 * Whether the other end of a loopback connection belongs to another user of this computer, by Linux's tables of sockets.
 * Elsewhere, and where those cannot be read, it is not known to.
 */
export async function isOtherUsers({ localPort = 0, remotePort = 0 }: Socket): Promise<boolean> {
  // A client may reach an IPv4 address by a socket of either kind.
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((table) => readFile(`/proc/net/${table}`, "utf8").catch(() => "")),
  );
  return isOthersSocket(tables.join("\n"), remotePort, localPort, process.getuid?.());
}

/** Whether a socket that leads from one port to another is neither ours nor root's, by the lines of those tables. */
export function isOthersSocket(tables: string, from: number, to: number, ours: number | undefined): boolean {
  return tables
    .split("\n")
    .filter((line) => line.includes(hexPort(from)))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, remote]) => local?.endsWith(hexPort(from)) && remote?.endsWith(hexPort(to)))
    .some(({ 7: user }) => Number(user) !== ours && Number(user) !== root);
}

function hexPort(port: number): string {
  return `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}
