import type { Account } from "../account/state.ts";
import { type Page, pages, successPage } from "../oauth/callbackPages.ts";
import { CallbackServer } from "../oauth/callbackServer.ts";
import { platformUrl, redirectPorts, redirectUri } from "../oauth/issuer.ts";
import type { Clock } from "../platform/clock.ts";
import { isProblem } from "../shared/problem.ts";
import type { FlowContext, RunningFlow } from "./flow.ts";
import { startsBrowserHere, tunnelCommand } from "./hostEnvironment.ts";
import { OneTimeOpener } from "./oneTimeOpener.ts";
import { openSignInPage } from "./openSignInPage.ts";

/** At the end the browser has this long to fetch its last page, ms; then the port is free. */
const lastPageMs = 800;

/**
 * Signing in with a browser that reaches this computer as `localhost`: a loopback listener, the sign-in page, and its
 * redirect back.
 * @throws PortsRefused when none of the ports can be used
 */
export async function startBrowserFlow(context: FlowContext): Promise<RunningFlow> {
  const { page, environment, clock, log } = context;
  let uri = "";
  const server = new CallbackServer({
    expected: page,
    handler: (answer) => {
      page.take(answer, uri);
      return lastPage(context.outcome);
    },
    log,
  });
  const port = await server.listen(redirectPorts);
  uri = redirectUri(port);
  log.info(`Waiting for the sign-in page's answer on port ${port}`);
  const url = page.addressFor(uri);
  const opener = new OneTimeOpener(context, server, url);
  const tunnel = tunnelCommand(environment, port);
  return {
    answer: page.answer,
    get waiting() {
      return {
        stage: "waitingForBrowser" as const,
        ...(page.notice && { notice: page.notice }),
        ...(tunnel !== undefined && { tunnel }),
      };
    },
    reveal: () => (startsBrowserHere(environment) ? opener.open() : openSignInPage(context, url)),
    dispose: () => {
      opener.dispose();
      void close(server, clock);
    },
  };
}

/** Stops listening; a browser that has brought the answer gets its last page before. */
async function close(server: CallbackServer, clock: Clock): Promise<void> {
  if (server.isAnswering) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const limit = clock.after(lastPageMs, resolve);
    await Promise.race([server.shown, promise]);
    limit.dispose();
  }
  await server.close();
}

/** The page that tells the browser how the sign-in ended. */
async function lastPage(outcome: Promise<Account>): Promise<{ success: Page } | { failure: Page }> {
  try {
    const { needsPlatformSetup, issuer } = await outcome;
    return { success: successPage(needsPlatformSetup ? platformUrl(issuer) : undefined) };
  } catch (error) {
    return { failure: failurePage(error) };
  }
}

function failurePage(error: unknown): Page {
  if (isProblem(error, "accessDenied")) return pages.accessDenied();
  if (isProblem(error, "noEntitlement")) return pages.noEntitlement();
  if (isProblem(error, "issuerError")) return pages.issuerError();
  if (isProblem(error, "missingCode")) return pages.missingCode();
  if (isProblem(error, "saveFailed")) return pages.saveFailed();
  if (isProblem(error, "workspaceNotAllowed")) return pages.workspaceNotAllowed();
  return pages.exchangeFailed();
}
