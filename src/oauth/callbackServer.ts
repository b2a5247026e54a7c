import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { describeError, type Logger } from "../platform/logger.ts";
import { Problem } from "../shared/problem.ts";
import { answerOf, type CallbackAnswer, hasDuplicates, isOurState } from "./callbackAnswer.ts";
import { contentSecurityPolicy, type Page, pages } from "./callbackPages.ts";
import { callbackPath } from "./issuer.ts";

/** Why a port could not be had: another program listens on it, or the system keeps it for itself. */
export interface PortRefusal {
  port: number;
  reason: "inUse" | "reserved";
}

/** None of the ports can be listened on. */
export class PortsRefused extends Problem {
  readonly refusals: readonly PortRefusal[];

  constructor(refusals: readonly PortRefusal[]) {
    const inUse = refusals.some(({ reason }) => reason === "inUse");
    super(inUse ? "portInUse" : "portReserved", refusals.map(({ port, reason }) => `${port} ${reason}`).join(", "));
    this.refusals = refusals;
  }
}

/** Called once; what it resolves to is shown in the browser. It must not reject. */
export type CallbackHandler = (answer: CallbackAnswer) => Promise<{ success: Page } | { failure: Page }>;

const longestTarget = 8 * 1024;

/**
 * The loopback listener of one sign-in attempt (RFC 8252 section 7.3), on 127.0.0.1 and ::1. It believes nothing but
 * the attempt's own `state`, and whatever else comes in is answered and forgotten.
 */
export class CallbackServer {
  readonly #servers: Server[] = [];
  readonly #state: string;
  readonly #handler: CallbackHandler;
  readonly #log: Logger;
  /** What has been logged already: whoever reaches the port could fill the log otherwise. */
  readonly #logged = new Set<string>();
  #port = 0;
  #outcome: Promise<{ success: Page } | { failure: Page }> | undefined;
  #success: Page | undefined;
  readonly #shown = Promise.withResolvers<void>();

  constructor(state: string, handler: CallbackHandler, log: Logger) {
    this.#state = state;
    this.#handler = handler;
    this.#log = log;
  }

  /** Whether a browser has brought the answer and waits for, or was given, its last page. */
  get isAnswering(): boolean {
    return this.#outcome !== undefined;
  }

  /** Resolves when the browser has received its last page. */
  get shown(): Promise<void> {
    return this.#shown.promise;
  }

  /**
   * Listens on the first of the ports that is free on both loopback addresses, and returns it.
   * @throws PortsRefused
   */
  async listen(ports: readonly number[]): Promise<number> {
    const refusals: PortRefusal[] = [];
    for (const port of ports) {
      try {
        await this.#bind(port);
        this.#port = port;
        return port;
      } catch (error) {
        await this.close();
        this.#note(`Port ${port} could not be listened on`, error);
        // Windows says EACCES (WSAEACCES, 10013) of the ranges that Hyper-V and WinNAT have set aside.
        refusals.push({ port, reason: errorCodeOf(error) === "EACCES" ? "reserved" : "inUse" });
      }
    }
    throw new PortsRefused(refusals);
  }

  /** Stops listening and drops every connection: the port is free when this resolves. */
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
      // A machine without IPv6 has no ::1 to be called on; one where somebody else listens there has.
      if (!["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(errorCodeOf(error))) throw error;
      this.#note("The sign-in's listener is on 127.0.0.1 alone", error);
    }
  }

  #bindAddress(host: string, port: number): Promise<void> {
    const server = createServer(
      { keepAlive: false, headersTimeout: 5_000, requestTimeout: 10_000 },
      (request, response) => this.#serve(request, response),
    );
    server.on("clientError", (error, socket) => {
      this.#note("The sign-in's listener dropped a connection", error);
      socket.destroy();
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, exclusive: true }, () => {
        server.off("error", reject);
        server.on("error", (error) => this.#note("The sign-in's listener had an error", error));
        this.#servers.push(server);
        resolve();
      });
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    response.on("error", (error) => this.#note("The sign-in's listener could not answer", error));
    this.#respond(request, response).catch((error: unknown) => {
      this.#note("The sign-in's listener failed to answer", error);
      send(response, pages.issuerError);
    });
  }

  /** Keeps an error in the log: its kind and code, once each, and nothing of what was sent. */
  #note(what: string, error: unknown): void {
    const line = `${what}: ${describeError(error)}`;
    if (this.#logged.has(line)) return;
    this.#logged.add(line);
    this.#log.warn(line);
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? "";
    if (!this.#isOurHost(request.headers.host)) return send(response, pages.badRequest);
    if (request.method !== "GET") return send(response, { ...pages.badRequest, status: 405 }, { Allow: "GET" });
    if (request.headers.origin !== undefined || !target.startsWith("/")) return send(response, pages.badRequest);
    if (target.length > longestTarget) return send(response, { ...pages.badRequest, status: 414 });

    const { pathname, searchParams } = new URL(target, "http://localhost");
    switch (pathname) {
      case callbackPath:
        return this.#callback(searchParams, response);
      case "/success":
        if (!this.#success) return send(response, pages.notFound);
        response.on("close", () => this.#shown.resolve());
        return send(response, this.#success);
      default:
        return send(response, pages.notFound);
    }
  }

  async #callback(query: URLSearchParams, response: ServerResponse): Promise<void> {
    if (!isOurState(query, this.#state)) return send(response, pages.stateMismatch);
    if (hasDuplicates(query)) return send(response, pages.badRequest);

    // A browser that asks twice (a reload, a prefetch) is told the same: a code works once.
    this.#outcome ??= this.#handler(answerOf(query));
    const outcome = await this.#outcome;
    if ("failure" in outcome) {
      response.on("close", () => this.#shown.resolve());
      return send(response, outcome.failure);
    }
    this.#success = outcome.success;
    // Off to a page of its own, so that code and state leave the address bar and the history's last entry.
    send(response, { status: 302, html: "" }, { Location: `http://localhost:${this.#port}/success` });
  }

  /** Against DNS rebinding: a page of another host can reach this port, but not under our name. */
  #isOurHost(host: string | undefined): boolean {
    return ["localhost", "127.0.0.1", "[::1]"].some((name) => host === `${name}:${this.#port}`);
  }
}

function send(response: ServerResponse, page: Page, headers: Record<string, string> = {}): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(page.html);
  response.writeHead(page.status, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": body.length,
    "Content-Security-Policy": contentSecurityPolicy,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    Connection: "close",
    ...headers,
  });
  response.end(body);
}

function errorCodeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
