import { isLoopback } from "../platform/endpoint.ts";

/** Where VS Code, this extension and the person's browser run. */
export interface HostEnvironment {
  /** VS Code itself runs in a browser. */
  readonly web: boolean;
  /** The extension runs on another computer than VS Code's window. */
  readonly remote: boolean;
  /** The name under which a browser that VS Code runs in reaches the extension's computer, where it is known. */
  readonly host: string | undefined;
  /** The name of the extension's computer. */
  readonly hostname: string;
}

/**
 * Whether `localhost` in the person's browser leads to the extension's listener. A desktop window forwards the port of
 * a remote one when it opens the page; VS Code in a browser does not, unless both are on one computer.
 */
export function browserReachesUs({ web, host }: HostEnvironment): boolean {
  return !web || (host !== undefined && isLoopback(host));
}

/**
 * Whether VS Code starts the browser as a program of the extension's computer: with the address on its command line, and
 * with a way to our listener. Elsewhere the page is opened by a browser that runs already, or on another computer.
 */
export function startsBrowserHere({ web, remote }: HostEnvironment): boolean {
  return !web && !remote;
}

/** The SSH command that makes a listener here reachable from the browser's computer; undefined when both are the same. */
export function tunnelCommand({ remote, host, hostname }: HostEnvironment, port: number): string | undefined {
  if (!remote) return undefined;
  // A loopback address may be the near end of a tunnel: it does not name the far end.
  const names = [...(host === undefined || isLoopback(host) ? [] : [host]), hostname];
  const name = names.find((each) => /^[A-Za-z0-9][\w.-]*$/.test(each)) ?? "HOST";
  return `ssh -L ${port}:localhost:${port} ${name}`;
}
