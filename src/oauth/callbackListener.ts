import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errnoOf } from "../platform/errno.ts";
import { Problem } from "../shared/problem.ts";

/** Why a port cannot be used: another program listens on it, or the system reserves it. */
export interface PortRefusal {
  port: number;
  reason: "inUse" | "reserved";
}

/** None of the ports can be used. */
export class PortsRefused extends Problem {
  readonly refusals: readonly PortRefusal[];

  constructor(refusals: readonly PortRefusal[]) {
    const inUse = refusals.some(({ reason }) => reason === "inUse");
    super(inUse ? "portInUse" : "portReserved", refusals.map(({ port, reason }) => `${port} ${reason}`).join(", "));
    this.refusals = refusals;
  }
}

/** What the system answers for ::1 on a computer without IPv6. */
const noAddress: readonly unknown[] = ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"];

/** Listens for HTTP on one port of 127.0.0.1 and ::1, and on no other address. */
export class CallbackListener {
  readonly #servers: Server[] = [];
  readonly #onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly #warn: (what: string, error: unknown) => void;

  /** @param warn called with what goes wrong; connections that break off do not end anything */
  constructor(
    onRequest: (request: IncomingMessage, response: ServerResponse) => void,
    warn: (what: string, error: unknown) => void,
  ) {
    this.#onRequest = onRequest;
    this.#warn = warn;
  }

  /**
   * Listens on the first of the ports that is free on both addresses, and returns it.
   * @throws PortsRefused
   */
  async listen(ports: readonly number[]): Promise<number> {
    const refusals: PortRefusal[] = [];
    for (const port of ports) {
      try {
        await this.#bind(port);
        return port;
      } catch (error) {
        await this.close();
        this.#warn(`Port ${port} could not be listened on`, error);
        // Windows answers EACCES (WSAEACCES, 10013) for the ranges that Hyper-V and WinNAT have reserved.
        refusals.push({ port, reason: errnoOf(error) === "EACCES" ? "reserved" : "inUse" });
      }
    }
    throw new PortsRefused(refusals);
  }

  /** Stops listening and drops every connection; the port is free when this resolves. */
  async close(): Promise<void> {
    await Promise.all(
      this.#servers.splice(0).map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      ),
    );
  }

  async #bind(port: number): Promise<void> {
    await this.#bindAddress("127.0.0.1", port);
    try {
      await this.#bindAddress("::1", port);
    } catch (error) {
      // Without IPv6 no browser can call ::1. On any other error somebody else may listen there and get the answer.
      if (!noAddress.includes(errnoOf(error))) throw error;
      this.#warn("The sign-in's listener is on 127.0.0.1 alone", error);
    }
  }

  #bindAddress(host: string, port: number): Promise<void> {
    const server = createServer({ keepAlive: false, headersTimeout: 5_000, requestTimeout: 10_000 }, this.#onRequest);
    server.on("clientError", (error, socket) => {
      this.#warn("The sign-in's listener dropped a connection", error);
      socket.destroy();
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, exclusive: true }, () => {
        server.off("error", reject);
        server.on("error", (error) => this.#warn("The sign-in's listener had an error", error));
        this.#servers.push(server);
        resolve();
      });
    });
  }
}
