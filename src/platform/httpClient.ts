import { Problem } from "../shared/problem.ts";
import { assertSendable } from "./headerValue.ts";
import { parseJson } from "./json.ts";
import { networkFailure } from "./networkFailure.ts";
import { remember } from "./remember.ts";

export interface HttpRequest {
  method: "GET" | "POST";
  url: string;
  headers?: Record<string, string>;
  /** Sent as application/x-www-form-urlencoded. */
  form?: Record<string, string>;
  /** Sent as application/json. */
  json?: unknown;
  /** Milliseconds for the whole exchange; 30,000 by default. */
  timeoutMs?: number;
  /** The longest answer that is read, in bytes after decompression; 1 MiB by default. */
  maxBytes?: number;
  signal?: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** By name in lower case. */
  headers: Readonly<Record<string, string>>;
  /** The parsed body, or undefined when it is not JSON. */
  json: unknown;
  /** The body begins like HTML or XML, whatever its declared type. */
  looksLikePage?: boolean;
}

export interface HttpClient {
  /**
   * Sends one request and reads its answer, whatever its status. Does not follow redirects.
   * @throws Problem `dnsFailed`, `tlsFailed`, `proxyFailed`, `unreachable`, `answerLost` or `unreadableAnswer`;
   * `notSendable`; an abort rejects with the signal's reason
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Loads what the first request needs ahead of it. */
  prepare(): Promise<void>;
}

const defaultMaxBytes = 1024 * 1024;
const defaultTimeoutMs = 30_000;

/**
 * The HTTP client for everything except streams: axios on Node's http module, because VS Code applies its proxy and
 * certificates there.
 */
export function createHttpClient(userAgent: () => string, originator: string): HttpClient {
  const instance = remember(async () => {
    const { default: axios } = await import("axios");
    return axios.create({
      adapter: "http",
      // VS Code patches Node's http for proxies; if axios read HTTPS_PROXY, too, requests would go through two proxies.
      proxy: false,
      maxRedirects: 0,
      responseType: "text",
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
    });
  });

  return {
    async prepare() {
      await instance.get();
    },
    async send(request) {
      const headers = { Accept: "application/json", "User-Agent": userAgent(), originator, ...request.headers };
      assertSendable(headers);
      const http = await instance.get();
      const deadline = AbortSignal.timeout(request.timeoutMs ?? defaultTimeoutMs);
      const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline;
      try {
        const response = await http.request<string>({
          method: request.method,
          url: request.url,
          headers,
          data: request.form ? new URLSearchParams(request.form) : request.json,
          maxContentLength: request.maxBytes ?? defaultMaxBytes,
          signal,
        });
        return {
          status: response.status,
          headers: plainHeaders(response.headers),
          json: parseJson(response.data),
          looksLikePage: /^\s*</.test(String(response.data)),
        };
      } catch (error) {
        // axios' error contains the request with its secrets: only its code may leave this function.
        if (request.signal?.aborted) throw request.signal.reason;
        if (deadline.aborted) throw new Problem("answerLost", "timeout");
        throw networkFailure(error);
      }
    },
  };
}

function plainHeaders(headers: object): Record<string, string> {
  const entries = Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}
