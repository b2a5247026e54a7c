import { Problem } from "../shared/problem.ts";
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
  /** Milliseconds for the whole exchange; 30,000 unless told. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** The parsed body, or undefined when it is not JSON. */
  json: unknown;
  /** The body begins as HTML or XML does, whatever it is declared as. */
  looksLikePage?: boolean;
}

export interface HttpClient {
  /**
   * Sends one request and reads its answer, whatever its status. Redirects are not followed; an answer may have 1 MiB.
   * @throws Problem `dnsFailed`, `tlsFailed`, `proxyFailed`, `unreachable`, `answerLost` or `unreadableAnswer`; an abort
   * rejects with the signal's reason.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Loads what the first request needs, so that the request itself is not slowed by it. */
  prepare(): Promise<void>;
}

const answerLimitBytes = 1024 * 1024;
const defaultTimeoutMs = 30_000;

/** The one HTTP client of everything but streams: axios on Node's own http, so that VS Code's proxy and certificates apply. */
export function createHttpClient(userAgent: () => string, originator: string): HttpClient {
  const instance = remember(async () => {
    const { default: axios } = await import("axios");
    return axios.create({
      adapter: "http",
      // VS Code patches Node's http for proxies; axios' own reading of HTTPS_PROXY would proxy twice.
      proxy: false,
      maxRedirects: 0,
      maxContentLength: answerLimitBytes,
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
      const http = await instance.get();
      const deadline = AbortSignal.timeout(request.timeoutMs ?? defaultTimeoutMs);
      const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline;
      try {
        const response = await http.request<string>({
          method: request.method,
          url: request.url,
          headers: { Accept: "application/json", "User-Agent": userAgent(), originator, ...request.headers },
          data: request.form ? new URLSearchParams(request.form) : request.json,
          signal,
        });
        return {
          status: response.status,
          headers: plainHeaders(response.headers),
          json: parseJson(response.data),
          looksLikePage: /^\s*</.test(String(response.data)),
        };
      } catch (error) {
        // The error of axios holds the request with its secrets: nothing but a code of it leaves this function.
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
