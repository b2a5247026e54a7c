import { type CallbackAnswer, readCallback } from "../oauth/callbackAnswer.ts";
import { callbackPath, redirectPorts, redirectUri } from "../oauth/issuer.ts";
import { isLoopback } from "../platform/endpoint.ts";
import { Problem } from "../shared/problem.ts";
import type { FlowContext, RunningFlow } from "./flow.ts";
import { openSignInPage } from "./openSignInPage.ts";

const longestLink = 16 * 1024;

/**
 * Signing in with the redirect address that the browser could not open, for when it cannot reach a listener here. A
 * listener that is running goes on: the first answer counts.
 */
export async function startPasteFlow(context: FlowContext): Promise<RunningFlow> {
  const { page, send } = context;
  // Without a listener the port only decides which address the browser will fail to open.
  let toOpen = page.url === undefined ? page.addressFor(redirectUri(redirectPorts[0] ?? 1455)) : undefined;
  return {
    answer: page.answer,
    get waiting() {
      return { stage: "waitingForLink" as const, ...(page.notice && { notice: page.notice }) };
    },
    async reveal() {
      send({ type: "askForLink" });
      const url = toOpen;
      toOpen = undefined;
      if (url !== undefined) await openSignInPage(context, url);
    },
    dispose() {},
  };
}

/** A pasted address whose `state` has been checked. */
export interface PastedLink {
  answer: CallbackAnswer;
  /** As it was in the authorization request, whatever the browser made of it. */
  redirectUri: string;
}

/**
 * Reads the address of the page that the browser could not open.
 * @throws Problem `pasteNotAnAddress`, `pasteSignInPage`, `pasteOtherSignIn` or `pasteOtherIssuer`
 */
export function readPastedLink(text: string, state: string, issuer: string): PastedLink {
  // An address bar may hide the scheme, and a message may put brackets around the address.
  const trimmed = withoutBrackets(text.trim());
  // Before anything is looked for in it: the box is read at every key.
  if (trimmed.length > longestLink) throw new Problem("pasteNotAnAddress");
  const url = URL.parse(/^(?:localhost|127\.|\[::1\])/.test(trimmed) ? `http://${trimmed}` : trimmed);
  if (!url) throw new Problem("pasteNotAnAddress");
  if (url.href.startsWith(`${issuer}/`)) throw new Problem("pasteSignInPage");
  if (!isRedirect(url)) throw new Problem("pasteNotAnAddress");
  const read = readCallback(url.searchParams, { state, issuer });
  if ("refused" in read) {
    throw new Problem(read.refused === "otherIssuer" ? "pasteOtherIssuer" : "pasteOtherSignIn");
  }
  const { answer } = read;
  if ("missing" in answer) throw new Problem("pasteNotAnAddress");
  return { answer, redirectUri: redirectUri(Number(url.port)) };
}

/** The text inside of brackets and quotes around it, however many. */
function withoutBrackets(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && `<"'(`.includes(text.charAt(start))) start += 1;
  while (end > start && `>"')`.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isRedirect({ protocol, hostname, port, pathname }: URL): boolean {
  return (
    protocol === "http:" && isLoopback(hostname) && redirectPorts.includes(Number(port)) && pathname === callbackPath
  );
}
