import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { contentSecurityPolicy, type Page } from "./callbackPages.ts";

/** A refused client has this long to read why, ms. */
const readingMs = 1_000;

/** Answers a request with a page, unless it has been answered. */
export function send(response: ServerResponse, page: Page, headers: Record<string, string> = {}): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(page.html);
  response.writeHead(page.status, { ...headersFor(body), ...headers });
  response.end(body);
}

/** Answers on a connection that has brought no request that could be read, and ends it. */
export function sendRaw(socket: Duplex, page: Page, headers: Record<string, string> = {}): void {
  if (socket.writableEnded) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = Buffer.from(page.html);
  const lines = Object.entries({ ...headersFor(body), ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  // The rest of what the client sends is read and dropped: a reset would take the answer away from it.
  const limit = setTimeout(() => socket.destroy(), readingMs).unref();
  socket.on("error", () => {}).on("close", () => clearTimeout(limit));
  socket.end(`HTTP/1.1 ${page.status} ${STATUS_CODES[page.status]}\r\n${lines.join("")}\r\n${page.html}`);
  socket.resume();
}

function headersFor(body: Buffer): Record<string, string> {
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": String(body.length),
    "Content-Security-Policy": contentSecurityPolicy,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    Connection: "close",
  };
}
