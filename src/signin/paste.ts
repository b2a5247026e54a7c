import { answerOf, type CallbackAnswer, hasDuplicates, isOurState } from "../oauth/callbackAnswer.ts";
import { callbackPath, redirectPorts, redirectUri } from "../oauth/issuer.ts";
import { isLoopback } from "../platform/endpoint.ts";
import { Problem } from "../shared/problem.ts";
import type { Attempt } from "./attempt.ts";
import { openSignInPage, signInPage } from "./browser.ts";
import type { FlowDependencies } from "./flows.ts";

const longestLink = 16 * 1024;

/**
 * Signing in with the address that the browser ended on and could not open, for when nothing of ours can listen where
 * the browser looks. A listener that is running goes on: whichever brings the answer first.
 * @throws Problem `browserFailed`
 */
export async function startPasteFlow(attempt: Attempt, parts: FlowDependencies): Promise<() => Promise<void>> {
  const opened = attempt.link !== undefined;
  // Without a listener the port only decides which address the browser will fail to open.
  const url = attempt.link ?? signInPage(attempt, redirectUri(redirectPorts[0] ?? 1455), parts);
  attempt.show("paste", "waitingForLink");
  parts.askForLink();
  if (!opened) await openSignInPage(attempt, url, parts);
  return async () => {
    attempt.show("paste", "waitingForLink");
    parts.askForLink();
  };
}

/** A pasted address, its `state` checked. */
export interface PastedLink {
  answer: CallbackAnswer;
  /** As it was in the authorization request, whatever the browser made of it. */
  redirectUri: string;
}

/**
 * Reads the address of the page that the browser could not open.
 * @throws Problem `pasteNotAnAddress`, `pasteSignInPage` or `pasteOtherSignIn`
 */
export function readPastedLink(text: string, state: string, issuer: string): PastedLink {
  // Copied from an address bar that hides the scheme, or from a message that put it in brackets.
  const trimmed = text.trim().replace(/^[<"'(]+|[>"')]+$/g, "");
  const url = URL.parse(/^(?:localhost|127\.|\[::1\])/.test(trimmed) ? `http://${trimmed}` : trimmed);
  if (!url || trimmed.length > longestLink) throw new Problem("pasteNotAnAddress");
  if (url.href.startsWith(`${issuer}/`)) throw new Problem("pasteSignInPage");
  const port = Number(url.port);
  const isRedirect =
    url.protocol === "http:" &&
    isLoopback(url.hostname) &&
    redirectPorts.includes(port) &&
    url.pathname === callbackPath;
  if (!isRedirect) throw new Problem("pasteNotAnAddress");
  if (!isOurState(url.searchParams, state) || hasDuplicates(url.searchParams)) throw new Problem("pasteOtherSignIn");
  const answer = answerOf(url.searchParams);
  if ("error" in answer && answer.error === "missing_code") throw new Problem("pasteNotAnAddress");
  return { answer, redirectUri: redirectUri(port) };
}
