import { get } from "node:http";
import { connect } from "node:net";
import { pageMark } from "../oauth/callbackPages.ts";
import { type Clock, delay } from "../platform/clock.ts";
import { findProcessOnPort, type ProcessOnPort } from "./processOnPort.ts";

/** Who listens on a port, as far as the system tells. */
export interface PortOwner extends Partial<ProcessOnPort> {
  /** Another window's sign-in of this extension. */
  readonly ours: boolean;
}

const probeTimeoutMs = 1_000;
const cancelTimeoutMs = 2_000;
const longestAnswer = 64 * 1024;

/** Finds out who listens on a loopback port. Never throws: what cannot be found out is left out. */
export async function findPortOwner(port: number): Promise<PortOwner> {
  const [page, process] = await Promise.all([
    request(port, "/", probeTimeoutMs).catch(() => ""),
    findProcessOnPort(port).catch(() => undefined),
  ]);
  return { ours: page.includes(pageMark), ...process };
}

/**
 * Asks a login server to end itself, as the Codex CLI's does on `/cancel`. The login that waits there is lost, so this
 * needs the person's consent. Waits up to two seconds until the port is free. Never throws: the port shows whether it
 * worked.
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

/** The beginning of what a listener answers. */
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
        if (text.length > longestAnswer) response.destroy();
      });
      response.on("error", reject).on("close", () => resolve(text));
    });
  });
}
