import { authorizationUrl } from "../oauth/authorizationRequest.ts";
import { type Page, pages, successPage } from "../oauth/callbackPages.ts";
import { CallbackServer } from "../oauth/callbackServer.ts";
import { redirectPorts, redirectUri } from "../oauth/issuer.ts";
import { describeError } from "../platform/logger.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import type { Attempt } from "./attempt.ts";
import type { FlowDependencies } from "./flows.ts";

/** After the outcome the browser has this long to fetch its last page, ms; then the port is free. */
const lastPageMs = 800;

/**
 * Signing in with a browser that reaches this computer as `localhost`: a loopback listener, the sign-in page, and its
 * redirect back. Resolves when the page has been opened, with the way to open it again.
 * @throws PortsRefused, before anything is opened, or Problem `browserFailed`
 */
export async function startBrowserFlow(attempt: Attempt, parts: FlowDependencies): Promise<() => Promise<void>> {
  let uri = "";
  const server = new CallbackServer(
    attempt.state,
    async (answer) => {
      try {
        await attempt.answer(answer, uri);
        return { success: successPage(parts.setUpUrl()) };
      } catch (error) {
        return { failure: failurePage(error) };
      }
    },
    parts.log,
  );
  const port = await server.listen(redirectPorts);
  uri = redirectUri(port);
  parts.log.info(`Waiting for the sign-in page's answer on port ${port}`);
  void closeAfter(attempt, server, parts);
  attempt.signal.throwIfAborted();

  const url = signInPage(attempt, uri, parts);
  const open = async () => {
    await openSignInPage(attempt, url, parts);
  };
  attempt.show("browser", "waitingForBrowser");
  await open();
  return async () => {
    attempt.show("browser", "waitingForBrowser");
    await open();
  };
}

/** The sign-in page for this attempt, which becomes its link. */
export function signInPage(attempt: Attempt, uri: string, parts: FlowDependencies): string {
  attempt.link = authorizationUrl({
    issuer: parts.issuer,
    redirectUri: uri,
    codeChallenge: attempt.pkce.codeChallenge,
    state: attempt.state,
    allowedWorkspaces: parts.allowedWorkspaces,
    chooseAccount: parts.chooseAccount,
  });
  return attempt.link;
}

/** Opens the page; when VS Code did not, the attempt waits all the same and says so. @throws Problem `browserFailed` */
export async function openSignInPage(
  attempt: Attempt,
  url: string,
  { openExternal, log }: FlowDependencies,
): Promise<void> {
  try {
    const opened = await openExternal(url);
    if (opened !== "opened") log.info(`The sign-in page was not opened by VS Code: ${opened}`);
    if (attempt.answered.aborted) return;
    attempt.notify(opened === "opened" ? undefined : opened === "copied" ? "linkCopied" : "linkNotOpened");
  } catch (error) {
    log.error(`The browser could not be opened: ${describeError(error)}`);
    throw new Problem("browserFailed");
  }
}

async function closeAfter(attempt: Attempt, server: CallbackServer, { clock }: FlowDependencies): Promise<void> {
  await attempt.outcome.catch(() => {});
  if (server.isAnswering) {
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
  if (isProblem(error, "workspaceNotAllowed")) return pages.workspaceNotAllowed;
  return pages.exchangeFailed;
}
