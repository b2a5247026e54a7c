import type { Clock } from "../platform/clock.ts";
import { isLoopback } from "../platform/endpoint.ts";
import type { HttpClient } from "../platform/httpClient.ts";
import type { Logger } from "../platform/logger.ts";
import type { FlowName } from "../shared/panelProtocol.ts";
import type { Attempt } from "./attempt.ts";
import { startBrowserFlow } from "./browser.ts";
import { startDeviceCodeFlow } from "./deviceCode.ts";
import { startPasteFlow } from "./paste.ts";

/** Where VS Code, this extension and the person's browser stand to each other. */
export interface HostEnvironment {
  /** VS Code itself runs in a browser. */
  readonly web: boolean;
  /** The extension runs on another computer than the one VS Code's window is on. */
  readonly remote: boolean;
  /** What a browser that VS Code runs in calls the computer that the extension runs on, where it is known. */
  readonly host: string | undefined;
  /** What that computer calls itself. */
  readonly hostname: string;
}

/** What became of a link that was to be opened; `notOpened` may also mean that it was copied instead. */
export type Opened = "opened" | "copied" | "notOpened";

export interface FlowDependencies {
  readonly clock: Clock;
  readonly log: Logger;
  readonly http: HttpClient;
  readonly issuer: string;
  readonly openExternal: (url: string) => PromiseLike<Opened>;
  /** Where the account that just signed in sets up its API organization, when it has to. */
  readonly setUpUrl: () => string | undefined;
  readonly allowedWorkspaces: readonly string[];
  /** The sign-in page asks who it is, even when the browser is signed in already. */
  readonly chooseAccount: boolean;
  /** Shows the device code. */
  readonly showDeviceCode: () => void;
  /** Asks for the address that the browser ended on, and hands it to `pasteLink`; comes forward when it is open. */
  readonly askForLink: () => void;
  /** A flow ended that the person may not be waiting for alone. */
  readonly onFailure: (flow: FlowName, error: unknown) => void;
}

/** A way to sign in. */
export interface Flow {
  readonly name: FlowName;
  /** Whether it can be expected to work without the person's help. */
  readonly suits: (place: HostEnvironment) => boolean;
  /** Starts it for an attempt; resolves when the person can act, with the way to bring it before them again. */
  readonly start: (attempt: Attempt, parts: FlowDependencies) => Promise<() => Promise<void>>;
}

/** Every way to sign in, the easiest first. All can run for one attempt at the same time. */
export const flows: readonly Flow[] = [
  { name: "browser", suits: browserReachesUs, start: startBrowserFlow },
  { name: "deviceCode", suits: () => true, start: startDeviceCodeFlow },
  { name: "paste", suits: () => true, start: startPasteFlow },
];

/** The flow to begin with: the one the person prefers, else the first that suits. */
export function firstFlow(place: HostEnvironment, preferred: FlowName | "auto"): FlowName {
  if (preferred !== "auto") return preferred;
  return flows.find(({ suits }) => suits(place))?.name ?? "deviceCode";
}

/** @throws Problem */
export function startFlow(name: FlowName, attempt: Attempt, parts: FlowDependencies): Promise<() => Promise<void>> {
  const flow = flows.find((each) => each.name === name);
  if (!flow) throw new RangeError(name);
  return flow.start(attempt, parts);
}

/**
 * Whether `localhost` in the person's browser leads to the extension's listener. A desktop window forwards the port of
 * a remote one when it opens the page; VS Code in a browser does not, unless both are on one computer.
 */
function browserReachesUs({ web, host }: HostEnvironment): boolean {
  return !web || (host !== undefined && isLoopback(host));
}

/** What to run on the computer with the browser, so that it reaches a listener here over SSH; undefined when it is here. */
export function tunnelCommand({ remote, host, hostname }: HostEnvironment, port: number): string | undefined {
  if (!remote) return undefined;
  // A loopback address may be the near end of a tunnel: it says nothing of the far end.
  const names = [...(host === undefined || isLoopback(host) ? [] : [host]), hostname];
  const name = names.find((each) => /^[A-Za-z0-9][\w.-]*$/.test(each)) ?? "HOST";
  return `ssh -L ${port}:localhost:${port} ${name}`;
}
