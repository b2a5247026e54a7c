import { Problem } from "../shared/problem.ts";

/**
 * The characters of an ordinary host name. A URL may have others there, such as commas, and then a question that names
 * the host could be misread as naming several hosts, or as a sentence.
 */
const plainHost = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/;

/**
 * Checks the value of a setting that says where credentials are sent.
 * @returns the URL without a trailing slash
 * @throws Problem `badSetting` when it is not https (http is for this computer only), has a user name, query or fragment,
 * or its host is no ordinary name
 */
export function parseEndpoint(setting: string, value: unknown): string {
  const url = typeof value === "string" ? URL.parse(value.trim()) : null;
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  const plain = url && plainHost.test(url.hostname) && !url.username && !url.password && !/[?#]/.test(url.href);
  if (!secure || !plain) throw new Problem("badSetting", setting, { setting });
  return withoutTrailingSlashes(url.href);
}

/** A URL without the slashes at its end. */
export function withoutTrailingSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === "/") end -= 1;
  return url.slice(0, end);
}

/** Whether the host name of a URL means this computer. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}
