import { SettingProblem } from "./problem.ts";

/**
 * Checks the value of a setting that says where credentials go, and returns it without a trailing slash.
 * @throws SettingProblem when it is not https (http is for this computer only) or carries user name, query or fragment
 */
export function parseEndpoint(setting: string, value: unknown): string {
  const url = typeof value === "string" ? URL.parse(value.trim()) : null;
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (!url || !secure || url.username || url.password || /[?#]/.test(url.href)) throw new SettingProblem(setting);
  return url.href.replace(/\/+$/, "");
}

/** Whether a host name of a URL means this computer. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}
