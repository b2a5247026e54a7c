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

/** A callback server on a free port for each test, with what it was told and what it logged. */
export function useCallbackServer() {
  const state = createState();
  const answers: CallbackAnswer[] = [];
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const log = createLogger(() => ({ debug: () => {}, info: write, warn: write, error: write }));
  const fixture = {
    ...{ state, answers, lines, log, port: 0 },
    server: new CallbackServer(state, handle, log),
    callback: (query: string) => send(fixture.port, `/auth/callback?${query}`),
  };
  async function handle(answer: CallbackAnswer) {
    answers.push(answer);
    return "code" in answer ? { success: successPage(undefined) } : { failure: pages.accessDenied() };
  }
  beforeEach(async () => {
    answers.length = 0;
    lines.length = 0;
    fixture.server = new CallbackServer(state, handle, log);
    fixture.port = await fixture.server.listen([await freePort()]);
  });
  afterEach(() => fixture.server.close());
  return fixture;
}
