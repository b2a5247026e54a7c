import { request } from "node:http";
import { connect, createServer } from "node:net";
import type { CallbackAnswer } from "../../../src/oauth/callbackAnswer.ts";
import { pages, successPage } from "../../../src/oauth/callbackPages.ts";
import { CallbackServer } from "../../../src/oauth/callbackServer.ts";
import { createState } from "../../../src/oauth/pkce.ts";
import { createLogger } from "../../../src/platform/logger.ts";

export interface Reply {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

/** One request as it is: fetch would change headers and follow redirects. */
export function send(port: number, path: string, options: { method?: string; headers?: object; host?: string } = {}) {
  return new Promise<Reply>((resolve, reject) => {
    const { method = "GET", host = "127.0.0.1" } = options;
    const outgoing = request({ host, port, path, method, headers: { Host: `localhost:${port}`, ...options.headers } });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    outgoing.end();
  });
}

/** What the listener answers to these bytes, until it ends the connection. */
export function sendBytes(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    socket.setEncoding("latin1").on("data", (part: string) => {
      answer += part;
    });
    socket.on("error", reject).on("close", () => resolve(answer));
  });
}

/** The status in an answer of `sendBytes`. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

export function canConnect(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

/** The issuer that was asked. */
export const issuer = "https://auth.openai.com";

/** What does not name it, though it means the same, holds it, or says it twice (RFC 9207 section 2.4, RFC 3986 section 6.2.1). */
export const otherIssuers: readonly string[] = [
  "iss=",
  "iss",
  "iss=https%3A%2F%2Fcanary.example",
  "iss=canary",
  ...[`${issuer}/`, `${issuer}:443`, issuer.toUpperCase(), `${issuer}.`, ` ${issuer}`, `${issuer}\n`, `${issuer}?`].map(
    (iss) => `iss=${encodeURIComponent(iss)}`,
  ),
  ...[issuer.replace("https:", "http:"), issuer.replace("auth.", "auth%2E"), `${issuer}.canary.example`].map(
    (iss) => `iss=${encodeURIComponent(iss)}`,
  ),
  `iss=${encodeURIComponent(encodeURIComponent(issuer))}`,
  `iss=${issuer}&iss=${issuer}`,
  `iss=${issuer}&iss=`,
  `iss=&iss=${issuer}`,
  `iss=${issuer}&iss=https%3A%2F%2Fcanary.example`,
  `%69ss=${issuer}&iss=${issuer}`,
  `%69ss=https%3A%2F%2Fcanary.example`,
];

/** A callback server on a free port for each test, with what it was told and what it logged. */
export function useCallbackServer() {
  const state = createState();
  const answers: CallbackAnswer[] = [];
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const log = createLogger(() => ({ debug: () => {}, info: write, warn: write, error: write }));
  const expected = { state, issuer };
  const fixture = {
    ...{ state, expected, answers, lines, log, port: 0 },
    server: new CallbackServer({ expected, handler, log }),
    callback: (query: string) => send(fixture.port, `/auth/callback?${query}`),
  };
  async function handler(answer: CallbackAnswer) {
    answers.push(answer);
    return "code" in answer ? { success: successPage(undefined) } : { failure: pages.accessDenied() };
  }
  beforeEach(async () => {
    answers.length = 0;
    lines.length = 0;
    fixture.server = new CallbackServer({ expected, handler, log });
    fixture.port = await fixture.server.listen([await freePort()]);
  });
  afterEach(() => fixture.server.close());
  return fixture;
}
