import { authorizationUrl } from "../oauth/authorizationRequest.ts";
import { type Page, pages, successPage } from "../oauth/callbackPages.ts";
import { CallbackServer } from "../oauth/callbackServer.ts";
import { redirectPorts, redirectUri } from "../oauth/issuer.ts";
import { createPkce, createState } from "../oauth/pkce.ts";
import type { Clock } from "../platform/clock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { isProblem, Problem } from "../platform/problem.ts";
import type { Attempt } from "./attempt.ts";

export interface BrowserFlowParts {
  clock: Clock;
  log: Logger;
  issuer: string;
  /** Opens a URL in the person's browser; false when they said no or copied it instead. */
  openExternal: (url: string) => PromiseLike<boolean>;
  /** Where the account that just signed in sets up its API organization, when it has to. */
  setUpUrl: () => string | undefined;
}

/** After the outcome the browser has this long to fetch its last page, ms; then the port is free. */
const lastPageMs = 800;

/**
 * Signing in with a browser on the same computer: a loopback listener, the sign-in page, and its redirect back.
 * Starts it for an attempt; resolves when the page has been opened, with the way to open it again.
 * @throws Problem `portInUse`, `portReserved` or `browserFailed`
 */
export async function startBrowserFlow(attempt: Attempt, parts: BrowserFlowParts): Promise<() => Promise<void>> {
  const pkce = createPkce();
  const state = createState();
  let uri = "";
  const server = new CallbackServer(state, async (answer) => {
    try {
      await attempt.answer(answer, pkce, uri);
      return { success: successPage(parts.setUpUrl()) };
    } catch (error) {
      return { failure: failurePage(error) };
    }
  });
  const port = await server.listen(redirectPorts);
  uri = redirectUri(port);
  parts.log.info(`Waiting for the sign-in page's answer on port ${port}`);
  void closeAfter(attempt, server, parts);
  attempt.signal.throwIfAborted();

  const url = authorizationUrl({ issuer: parts.issuer, redirectUri: uri, codeChallenge: pkce.codeChallenge, state });
  const open = async () => {
    try {
      // False also means that the person copied the link: the listener stays until they cancel.
      if (!(await parts.openExternal(url))) parts.log.info("The sign-in page was not opened by VS Code");
    } catch (error) {
      parts.log.error(`The browser could not be opened: ${describeError(error)}`);
      throw new Problem("browserFailed");
    }
  };
  attempt.enter("waitingForBrowser");
  await open();
  return open;
}

async function closeAfter(attempt: Attempt, server: CallbackServer, { clock }: BrowserFlowParts): Promise<void> {
  await attempt.outcome.catch(() => {});
  if (!attempt.signal.aborted || server.isAnswering) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const limit = clock.after(lastPageMs, resolve);
    await Promise.race([server.shown, promise]);
    limit.dispose();
  }
  await server.close();
}

function failurePage(error: unknown): Page {
  if (isProblem(error, "accessDenied")) return pages.accessDenied;
  if (isProblem(error, "noEntitlement")) return pages.noEntitlement;
  if (isProblem(error, "issuerError")) return pages.issuerError;
  if (isProblem(error, "missingCode")) return pages.missingCode;
  if (isProblem(error, "saveFailed")) return pages.saveFailed;
  return pages.exchangeFailed;
}
