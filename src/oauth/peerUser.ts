import type { Socket } from "node:net";
import { isEnd, readSocketTable, type SocketRow } from "../platform/socketTable.ts";

/** Root may do everything anyway, and relays that bring a person's browser here run as root, such as WSL's. */
const root = 0;

/** Of a connection, as our socket has them; undefined once it is closed. */
type Ends = { [End in "localAddress" | "localPort" | "remoteAddress" | "remotePort"]: Socket[End] | undefined };

/**
 * Whether the other end of a loopback connection belongs to another user of this computer, by Linux's tables of sockets.
 * Elsewhere, and where the system shows them to nobody, it is not known to.
 * @throws when they cannot be read for another reason
 */
export async function isOtherUsers(socket: Socket): Promise<boolean> {
  // Before the wait: Node forgets the ends of a connection that is closed.
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  const ends = { localAddress, localPort, remoteAddress, remotePort };
  return isOthersSocket(await readSocketTable(), ends, process.getuid?.());
}

/** Whether the socket at the other end of ours is neither our user's nor root's. */
export function isOthersSocket(rows: readonly SocketRow[], ends: Ends, ours: number | undefined): boolean {
  const { localAddress = "", localPort = 0, remoteAddress = "", remotePort = 0 } = ends;
  return rows
    .filter(({ local }) => isEnd(local, remotePort, remoteAddress))
    .filter(({ remote }) => isEnd(remote, localPort, localAddress))
    .some(({ user }) => user !== ours && user !== root);
}
