import { randomUUID } from "node:crypto";
import { IncomingMessage, type ServerResponse } from "node:http";
import type { SeenHeaders } from "./types.ts";

const bodyLimit = 1024 * 1024;

/** A request with its body read; `params` is a form or a JSON object, flattened to strings. */
export interface Call {
  req: IncomingMessage;
  res: ServerResponse;
  url: URL;
  params: Record<string, string>;
  seen: SeenHeaders;
}

/** Reads the body; an over-long one is cut off, which then fails to parse. */
export async function readCall(req: IncomingMessage, res: ServerResponse, origin: string): Promise<Call> {
  const url = new URL(req.url ?? "/", origin);
  const contentType = (req.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  const originator = req.headers.originator;
  const seen: SeenHeaders = {
    contentType,
    userAgent: req.headers["user-agent"] ?? "",
    originator: typeof originator === "string" ? originator : "",
  };
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size <= bodyLimit) chunks.push(chunk);
  }
  return { req, res, url, seen, params: parseBody(Buffer.concat(chunks).toString("utf8"), contentType) };
}

function parseBody(text: string, contentType: string): Record<string, string> {
  if (contentType !== "application/json") return Object.fromEntries(new URLSearchParams(text));
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null) return {};
    return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value)]));
  } catch {
    return {};
  }
}

/**
 * The same request, its body always a form: oidc-provider takes no JSON at the token endpoint, and wants to read the
 * stream itself.
 */
export function asFormRequest(call: Call): IncomingMessage {
  const form = Buffer.from(new URLSearchParams(call.params).toString());
  const { req } = call;
  const copy = new IncomingMessage(req.socket);
  copy.method = req.method ?? "GET";
  copy.url = req.url ?? "/";
  copy.httpVersion = req.httpVersion;
  copy.httpVersionMajor = req.httpVersionMajor;
  copy.httpVersionMinor = req.httpVersionMinor;
  copy.headers = { ...req.headers };
  delete copy.headers["transfer-encoding"];
  if (req.method !== "GET" && req.method !== "HEAD") {
    copy.headers["x-original-content-type"] = call.seen.contentType;
    copy.headers["content-type"] = "application/x-www-form-urlencoded";
    copy.headers["content-length"] = String(form.length);
    copy.push(form);
  }
  copy.push(null);
  copy.complete = true;
  return copy;
}

/** Without a Content-Type and with space around it, because a client must not rely on more. */
export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.statusCode = status;
  res.setHeader("cache-control", "no-store");
  res.end(`\r\n ${JSON.stringify(body, null, 2)}\r\n`);
}

export function sendHtml(res: ServerResponse, status: number, html: string): void {
  res.statusCode = status;
  res.setHeader("content-type", "text/html; charset=utf-8");
  res.setHeader("cache-control", "no-store");
  res.end(html);
}

export interface OpenAiError {
  error: { message: string; type: string; param: null; code: string | null };
}

/** An error body in the shape of OpenAI's services. */
export function openAiError(code: string | null, message: string, type = "invalid_request_error"): OpenAiError {
  return { error: { message, type, param: null, code } };
}

export function newRequestId(): string {
  return `req_${randomUUID().replaceAll("-", "")}`;
}
