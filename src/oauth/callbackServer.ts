import type { IncomingMessage, ServerResponse } from "node:http";
import { describeError, type Logger } from "../platform/logger.ts";
import { answerOf, type CallbackAnswer, hasDuplicates, isOurState } from "./callbackAnswer.ts";
import { CallbackListener } from "./callbackListener.ts";
import { contentSecurityPolicy, type Page, pages } from "./callbackPages.ts";
import { callbackPath } from "./issuer.ts";

/** Called once; what it resolves to is shown in the browser. It must not reject. */
export type CallbackHandler = (answer: CallbackAnswer) => Promise<{ success: Page } | { failure: Page }>;

const longestTarget = 8 * 1024;

/**
 * The loopback server of one sign-in attempt (RFC 8252 section 7.3). It takes an answer with the attempt's own `state`
 * alone; any other request gets an error page and changes nothing.
 */
export class CallbackServer {
  readonly #listener: CallbackListener;
  readonly #state: string;
  readonly #handler: CallbackHandler;
  readonly #log: Logger;
  /** Each line is logged once: any program on this computer could fill the log otherwise. */
  readonly #logged = new Set<string>();
  #port = 0;
  #outcome: ReturnType<CallbackHandler> | undefined;
  #success: Page | undefined;
  readonly #shown = Promise.withResolvers<void>();

  constructor(state: string, handler: CallbackHandler, log: Logger) {
    this.#state = state;
    this.#handler = handler;
    this.#log = log;
    this.#listener = new CallbackListener(
      (request, response) => this.#serve(request, response),
      (what, error) => this.#warn(what, error),
    );
  }

  /** Whether a browser has brought the answer and waits for its last page, or has got it. */
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
    this.#port = await this.#listener.listen(ports);
    return this.#port;
  }

  /** Stops listening and drops every connection; the port is free when this resolves. */
  close(): Promise<void> {
    return this.#listener.close();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    response.on("error", (error) => this.#warn("The sign-in's listener could not answer", error));
    this.#respond(request, response).catch((error: unknown) => {
      this.#warn("The sign-in's listener failed to answer", error);
      send(response, pages.issuerError());
    });
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? "";
    if (!this.#isOurHost(request.headers.host)) return send(response, pages.badRequest());
    if (request.method !== "GET") return send(response, { ...pages.badRequest(), status: 405 }, { Allow: "GET" });
    if (request.headers.origin !== undefined || !target.startsWith("/")) return send(response, pages.badRequest());
    if (target.length > longestTarget) return send(response, { ...pages.badRequest(), status: 414 });

    const { pathname, searchParams } = new URL(target, "http://localhost");
    switch (pathname) {
      case callbackPath:
        return this.#callback(searchParams, response);
      case "/success":
        return this.#success ? this.#sendLast(response, this.#success) : send(response, pages.notFound());
      default:
        return send(response, pages.notFound());
    }
  }

  async #callback(query: URLSearchParams, response: ServerResponse): Promise<void> {
    if (!isOurState(query, this.#state)) return send(response, pages.stateMismatch());
    if (hasDuplicates(query)) return send(response, pages.badRequest());

    // A code works once, so a browser that asks again (a reload, a prefetch) gets the same answer.
    this.#outcome ??= this.#handler(answerOf(query));
    const outcome = await this.#outcome;
    if ("failure" in outcome) return this.#sendLast(response, outcome.failure);
    this.#success = outcome.success;
    // To another page, so that code and state leave the address bar and the last entry of the history.
    send(response, { status: 302, html: "" }, { Location: `http://localhost:${this.#port}/success` });
  }

  #sendLast(response: ServerResponse, page: Page): void {
    response.on("close", () => this.#shown.resolve());
    send(response, page);
  }

  /** Against DNS rebinding: a page of another host can reach this port, but not under our name. */
  #isOurHost(host: string | undefined): boolean {
    return ["localhost", "127.0.0.1", "[::1]"].some((name) => host === `${name}:${this.#port}`);
  }

  /** Logs the kind and the code of an error, and nothing of what was sent. */
  #warn(what: string, error: unknown): void {
    const line = `${what}: ${describeError(error)}`;
    if (this.#logged.has(line)) return;
    this.#logged.add(line);
    this.#log.warn(line);
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
