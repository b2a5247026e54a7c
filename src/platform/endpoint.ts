import { Problem } from "../shared/problem.ts";

/**
 * What hosts are named by. A URL may have other signs there, such as commas, and then one host could read like several,
 * or like a sentence, in the question that names it.
 */
const plainHost = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/;

/**
 * Checks the value of a setting that says where credentials go, and returns it without a trailing slash.
 * @throws Problem `badSetting` when it is not https (http is for this computer only), carries user name, query or fragment, or
 * its host is no plain name
 */
export function parseEndpoint(setting: string, value: unknown): string {
  const url = typeof value === "string" ? URL.parse(value.trim()) : null;
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  const plain = url && plainHost.test(url.hostname) && !url.username && !url.password && !/[?#]/.test(url.href);
  if (!secure || !plain) throw new Problem("badSetting", setting, { setting });
  return url.href.replace(/\/+$/, "");
}

/** Whether a host name of a URL means this computer. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}
