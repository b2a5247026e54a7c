import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { errnoOf } from "../platform/errno.ts";
import { Problem } from "../shared/problem.ts";
import { type Page, pages } from "./callbackPages.ts";
import { sendRaw } from "./callbackResponse.ts";

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

/** What clients may take. A browser needs milliseconds, and one connection; any program on this computer can connect. */
export interface ListenerLimits {
  /** For the header of a request, ms. */
  readonly headersMs: number;
  /** For a whole request, ms. */
  readonly requestMs: number;
  /** How often these two are enforced, ms: Node's own 30 s would be the real limit. */
  readonly checkMs: number;
  /** Of the header of a request, bytes. Browsers send localhost the cookies of every port, often more than Node's 16 KB. */
  readonly headerBytes: number;
  /**
   * Connections at once that have brought no request. One more ends the oldest. Large enough that a flood doesn't push
   * out a browser between its connecting and its request.
   */
  readonly silentConnections: number;
}

const usualLimits: ListenerLimits = {
  headersMs: 5_000,
  requestMs: 10_000,
  checkMs: 1_000,
  headerBytes: 128 * 1024,
  silentConnections: 1_024,
};

/** Listens for HTTP on one port of 127.0.0.1 and ::1, and on no other address. */
export class CallbackListener {
  readonly #servers: Server[] = [];
  /** Connections that have brought no request, the oldest first. */
  readonly #silent = new Set<Duplex>();
  readonly #limits: ListenerLimits;
  readonly #onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly #warn: (what: string, error: unknown) => void;

  /** @param warn called with what goes wrong; connections that break off do not end anything */
  constructor(
    onRequest: (request: IncomingMessage, response: ServerResponse) => void,
    warn: (what: string, error: unknown) => void,
    limits: ListenerLimits = usualLimits,
  ) {
    this.#limits = limits;
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
    const server = this.#createServer();
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

  #createServer(): Server {
    const { headersMs, requestMs, checkMs, headerBytes } = this.#limits;
    const server = createServer({
      ...{ keepAlive: false, headersTimeout: headersMs, requestTimeout: requestMs },
      ...{ connectionsCheckingInterval: checkMs, maxHeaderSize: headerBytes },
    });
    // Each answer ends its connection, and whatever a client has sent beside the first request is not answered.
    server.maxRequestsPerSocket = 1;
    server.on("connection", (socket) => this.#admit(socket));
    server.on("request", (request, response) => {
      this.#silent.delete(request.socket);
      this.#onRequest(request, response);
    });
    server.on("connect", (_request, socket) =>
      sendRaw(socket, { ...pages.badRequest(), status: 405 }, { Allow: "GET" }),
    );
    server.on("clientError", (error, socket) => {
      this.#warn("The sign-in's listener dropped a connection", error);
      if (this.#silent.has(socket)) sendRaw(socket, pageFor(error));
      else socket.destroy();
    });
    return server;
  }

  #admit(socket: Socket): void {
    this.#silent.add(socket);
    socket.on("close", () => this.#silent.delete(socket));
    const [oldest] = this.#silent;
    if (this.#silent.size > this.#limits.silentConnections) oldest?.destroy();
  }
}

/** What a client is told whose request could not be read. */
function pageFor(error: NodeJS.ErrnoException): Page {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return pages.tooLarge();
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return pages.tooSlow();
    default:
      return pages.badRequest();
  }
}
