import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { describeError, type Logger } from "../platform/logger.ts";
import { type CallbackAnswer, type CallbackRefusal, type ExpectedCallback, readCallback } from "./callbackAnswer.ts";
import { CallbackListener } from "./callbackListener.ts";
import { type Page, pages } from "./callbackPages.ts";
import { send } from "./callbackResponse.ts";
import { callbackPath } from "./issuer.ts";
import { OneTimeAddresses, type OneTimePage, oneTimePath } from "./oneTimeAddresses.ts";
import { isOtherUsers } from "./peerUser.ts";

/** Called once; what it resolves to is shown in the browser. It must not reject. */
export type CallbackHandler = (answer: CallbackAnswer) => Promise<{ success: Page } | { failure: Page }>;

export interface CallbackServerDependencies {
  readonly expected: ExpectedCallback;
  readonly handler: CallbackHandler;
  readonly log: Logger;
}

const longestTarget = 8 * 1024;

const refusalPages: Readonly<Record<CallbackRefusal, () => Page>> = {
  otherState: pages.stateMismatch,
  duplicates: pages.badRequest,
  otherIssuer: pages.otherIssuer,
};

/**
 * The loopback server of one sign-in attempt (RFC 8252 section 7.3). It takes an answer with the attempt's own `state`
 * alone; any other request gets an error page and changes nothing.
 */
export class CallbackServer {
  readonly #listener: CallbackListener;
  readonly #expected: ExpectedCallback;
  readonly #handler: CallbackHandler;
  readonly #log: Logger;
  /** Each line is logged once: any program on this computer could fill the log otherwise. */
  readonly #logged = new Set<string>();
  #port = 0;
  #outcome: ReturnType<CallbackHandler> | undefined;
  #success: Page | undefined;
  readonly #shown = Promise.withResolvers<void>();
  readonly #oneTime = new OneTimeAddresses();

  constructor({ expected, handler, log }: CallbackServerDependencies) {
    this.#expected = expected;
    this.#handler = handler;
    this.#log = log;
    this.#listener = new CallbackListener(
      (request, response) => this.#serve(request, response),
      (what, error) => this.#warn(what, error),
    );
  }

  /** Whether a browser waits for its last page, or has got it: it has brought the answer, or has ended the sign-in. */
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

  /** An address of this server that sends the first browser that asks for it on to a page. */
  oneTimeAddress(page: OneTimePage): string {
    // Not "localhost": its cookies, and a browser's resolve to use https there, would come first.
    return `http://127.0.0.1:${this.#port}${this.#oneTime.create(page)}`;
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
    if (!this.#isOurHost(request)) return send(response, pages.badRequest());
    if (request.method !== "GET") return send(response, { ...pages.badRequest(), status: 405 }, { Allow: "GET" });
    if (request.headers.origin !== undefined || !isPlainPath(target)) return send(response, pages.badRequest());
    if (target.length > longestTarget) return send(response, { ...pages.badRequest(), status: 414 });

    // Compared as they came: what a URL parser makes of `//host/path`, `/\host`, `%2F` or `..` is nobody's redirect.
    const [path = "", ...query] = target.split("?");
    if (path === callbackPath) return this.#callback(new URLSearchParams(query.join("?")), response);
    if (path === "/success" && this.#success) return this.#sendLast(response, this.#success);
    if (path.startsWith(oneTimePath)) return this.#sendToPage(path, request, response);
    send(response, pages.notFound());
  }

  async #sendToPage(path: string, { headers, socket }: IncomingMessage, response: ServerResponse): Promise<void> {
    // The browser asks again when the person gets there.
    if (isPrefetch(headers)) return send(response, { status: 503, html: "" });
    // Before the sockets are read, which takes long where there are many.
    if (!this.#oneTime.has(path)) return this.#refuseUnknown(response);
    const refusal = await this.#refusalOf(socket);
    // Who does not wait for the answer uses nothing up.
    if (response.destroyed) return;
    if (refusal) return send(response, refusal);
    const page = this.#oneTime.use(path);
    if (page === undefined) return this.#refuseUnknown(response);
    if (page === "usedBefore") {
      this.#warn("The sign-in page was requested a second time with the same one-time address");
      // Whoever was sent to the page may not be the person: no answer counts any more.
      this.#outcome ??= Promise.resolve({ failure: pages.openedTwice() });
      return this.#sendLast(response, pages.openedTwice());
    }
    const { host, pathname } = new URL(page.url);
    this.#log.info(`A browser asked for the sign-in page and was sent to ${host}${pathname}`);
    send(response, { status: 302, html: "" }, { Location: page.url });
  }

  #refuseUnknown(response: ServerResponse): void {
    this.#warn("The sign-in page was requested with an unknown one-time address");
    send(response, pages.oneTimeAddress());
  }

  /** The page for a client that is another user's, or may be. */
  async #refusalOf(socket: Socket): Promise<Page | undefined> {
    try {
      if (!(await isOtherUsers(socket))) return undefined;
      this.#warn("Another user of this computer asked for the sign-in page and was refused");
      return pages.otherUser();
    } catch (error) {
      this.#warn("Whose program asked for the sign-in page could not be found out", error);
      return pages.unknownUser();
    }
  }

  async #callback(query: URLSearchParams, response: ServerResponse): Promise<void> {
    const read = readCallback(query, this.#expected);
    if ("refused" in read) {
      if (read.refused === "otherIssuer") this.#warn("A response of another issuer was not used");
      return send(response, refusalPages[read.refused]());
    }

    // A code works once, so a browser that asks again (a reload, a prefetch) gets the same answer.
    this.#outcome ??= this.#handler(read.answer);
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
  #isOurHost({ headersDistinct }: IncomingMessage): boolean {
    const [host, ...more] = headersDistinct.host ?? [];
    if (more.length > 0) return false;
    return ["localhost", "127.0.0.1", "[::1]"].some((name) => host === `${name}:${this.#port}`);
  }

  /** Logs the kind and the code of an error, and nothing of what was sent. */
  #warn(what: string, error?: unknown): void {
    const line = error === undefined ? what : `${what}: ${describeError(error)}`;
    if (this.#logged.has(line)) return;
    this.#logged.add(line);
    this.#log.warn(line);
  }
}

/** Whether a request's target is a path of this server, and neither another form of target nor half of one. */
function isPlainPath(target: string): boolean {
  return /^\/(?![/\\])[^#]*$/.test(target);
}

/** Whether a browser asks before the person does: it may never show the answer. */
function isPrefetch(headers: IncomingMessage["headers"]): boolean {
  const purposes = ["sec-purpose", "purpose", "x-purpose", "x-moz"].map((name) => headers[name]);
  return purposes.some((purpose) => /prefetch|preview/i.test(String(purpose)));
}
