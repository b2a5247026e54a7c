import type { ServerResponse } from "node:http";
import { openAiError, sendHtml, sendJson } from "./http.ts";
import type { Fault, FaultControl, FaultEndpoint, GrantName } from "./types.ts";

interface ActiveFault {
  endpoint: FaultEndpoint;
  fault: Fault;
  left: number;
}

/** The faults that are switched on; the first that fits a request hits it. */
export class FaultBoard implements FaultControl {
  #active: ActiveFault[] = [];

  set(endpoint: FaultEndpoint, fault: Fault): void {
    this.#active.push({ endpoint, fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(endpoint?: FaultEndpoint): void {
    this.#active = endpoint === undefined ? [] : this.#active.filter((active) => active.endpoint !== endpoint);
  }

  /** The fault for this request, counted as used. */
  take(endpoint: FaultEndpoint, grant: GrantName | undefined): Fault | undefined {
    const hit = this.#active.find(
      ({ endpoint: at, fault }) => at === endpoint && (fault.grant === undefined || fault.grant === grant),
    );
    if (hit === undefined) return undefined;
    hit.left -= 1;
    if (hit.left <= 0) this.#active = this.#active.filter((active) => active !== hit);
    return hit.fault;
  }
}

export function isProcessedFirst(fault: Fault): boolean {
  return fault.kind === "closeAfter" || fault.processed === true;
}

/** Waits `ms`; false when the client has gone meanwhile. */
export function delay(res: ServerResponse, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (alive: boolean) => {
      clearTimeout(timer);
      res.off("close", gone);
      resolve(alive);
    };
    const gone = () => done(false);
    const timer = setTimeout(() => done(true), ms);
    res.once("close", gone);
  });
}

/** Processes the request as usual and replaces its answer. */
export function replaceAnswer(res: ServerResponse, answer: () => void): void {
  const { write, end } = res;
  res.write = (() => true) as typeof res.write;
  res.end = (() => {
    res.write = write;
    res.end = end;
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    answer();
    return res;
  }) as typeof res.end;
}

const edgePage = `<!DOCTYPE html><html lang="en-US"><head><title>Attention Required! | Cloudflare</title></head>
<body><div id="cf-wrapper"><h1>Sorry, you have been blocked</h1><h2>You are unable to access openai.com</h2>
<p>Cloudflare Ray ID: <strong>8f00ba4dcafe0001</strong></p></div></body></html>`;

const portalPage = `<!DOCTYPE html><html lang="en"><head><title>Welcome to Hotel Wi-Fi</title></head>
<body><h1>Accept the terms to go on</h1></body></html>`;

const wrongTypes = {
  access_token: 42,
  refresh_token: ["rt", null],
  id_token: { header: {}, payload: {} },
  expires_in: "soon",
  device_auth_id: 7,
  user_code: {},
  interval: [],
  authorization_code: false,
  data: "none",
  error: 17,
};

/** Answers the request with the fault. `slow` only delays. */
export function answerWith(res: ServerResponse, fault: Fault, origin: string): void {
  switch (fault.kind) {
    case "slow":
      return;
    case "status": {
      for (const [name, value] of Object.entries(fault.headers ?? {})) res.setHeader(name, value);
      sendJson(res, fault.status, openAiError(fault.code ?? null, fault.message ?? "The request was refused."));
      return;
    }
    case "serverError":
      sendJson(res, fault.status ?? 500, openAiError("server_error", "The server had an error.", "server_error"));
      return;
    case "region":
      sendJson(
        res,
        403,
        openAiError(
          "unsupported_country_region_territory",
          "Country, region, or territory not supported",
          "request_forbidden",
        ),
      );
      return;
    case "edgePage":
      res.setHeader("cf-ray", "8f00ba4dcafe0001-TST");
      res.setHeader("server", "cloudflare");
      sendHtml(res, 403, edgePage);
      return;
    case "html":
      sendHtml(res, 200, portalPage);
      return;
    case "truncated":
      res.setHeader("content-type", "application/json");
      res.end('{"access_token":"eyJhbGciOiJFUzI1NiIsInR5cCI6Im');
      return;
    case "wrongTypes":
      sendJson(res, 200, wrongTypes);
      return;
    case "closeBefore":
    case "closeAfter":
      res.socket?.destroy();
      return;
    case "closeDuring":
      res.setHeader("content-type", "application/json");
      res.setHeader("content-length", "4000");
      res.write('{"access_token":"eyJhbGciOi', () => res.socket?.destroy());
      return;
    case "oversized":
      sendJson(res, 200, { access_token: "A".repeat(5 * 1024 * 1024) });
      return;
    case "redirect":
      res.statusCode = fault.status ?? 302;
      res.setHeader("location", fault.location ?? `${origin}/elsewhere`);
      res.end();
  }
}
