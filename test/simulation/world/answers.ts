import type { HttpResponse } from "../../../src/platform/httpClient.ts";
import type { FaultKind } from "./faults.ts";

/** An error as the issuer writes it. */
export function refusal(status: number, code: string): HttpResponse {
  const error = { message: "The request was refused.", type: "invalid_request_error", param: null, code };
  return { status, headers: { "content-type": "application/json" }, json: { error } };
}

export function success(json: object, date: string): HttpResponse {
  return { status: 200, headers: { "content-type": "application/json", date }, json };
}

const page: Pick<HttpResponse, "headers" | "json" | "looksLikePage"> = {
  headers: { "content-type": "text/html" },
  json: undefined,
  looksLikePage: true,
};

/** By fault: what comes instead of the answer of the issuer, which has not seen the request. */
export const foreignAnswers: Readonly<Partial<Record<FaultKind, HttpResponse>>> = {
  failed: refusal(503, "server_is_overloaded"),
  busy: refusal(429, "rate_limit_exceeded"),
  region: refusal(403, "unsupported_country_region_territory"),
  foreign401: { status: 401, headers: { "content-type": "application/json" }, json: { message: "Unauthorized" } },
  portalJson: { status: 200, headers: { "content-type": "application/json" }, json: { portal: "Accept the terms" } },
  portalPage: { status: 200, ...page },
  edgePage: { status: 403, ...page },
  errorUnder200: {
    status: 200,
    headers: {},
    json: { error: { message: "Busy", type: "server_error", code: "server_error" } },
  },
};

/** By fault: what comes instead of an answer that the issuer has given. */
export const spoiledAnswers: Readonly<Partial<Record<FaultKind, HttpResponse>>> = {
  failedDone: refusal(500, "server_error"),
  truncated: { status: 200, headers: { "content-type": "application/json" }, json: undefined },
};
