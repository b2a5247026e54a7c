import type { Provider } from "oidc-provider";
import { asFormRequest, type Call, sendHtml } from "./http.ts";
import { consentPage, loginPage, messagePage, workspacePage } from "./pages.ts";
import type { IssuerState } from "./state.ts";
import type { TestAccount } from "./types.ts";

export const loginPath = "/login/";

/** The login page, and the question "continue as …?" where the browser has a session with the issuer already. */
export async function handleInteraction(call: Call, provider: Provider, state: IssuerState): Promise<void> {
  const req = asFormRequest(call);
  const { res, params } = call;
  const details = await provider.interactionDetails(req, res).catch(() => undefined);
  if (details === undefined) {
    return sendHtml(res, 400, messagePage("Sign-in expired", "This sign-in is over. Start again from your editor."));
  }
  const finish = (result: Parameters<Provider["interactionFinished"]>[2]) =>
    provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });

  if (call.req.method !== "POST") {
    const current =
      details.prompt.name === "consent" ? state.accounts.get(details.session?.accountId ?? "") : undefined;
    return sendHtml(res, 200, current === undefined ? loginPage() : consentPage(current));
  }
  switch (params.action) {
    case "cancel":
      state.record({ type: "login", email: params.email ?? "", outcome: "cancelled" });
      return finish({ error: "access_denied", error_description: "The sign-in was cancelled." });
    case "other":
      return sendHtml(res, 200, loginPage());
    case "consent":
      return finish({ consent: {} });
  }
  const { email = "", password = "", workspace } = params;
  const opened = state.accounts.logIn(email, password);
  const allowed = allowedWorkspaces(details.params.allowed_workspace_id, workspace);
  const accounts = opened.filter((account) => allowed === undefined || allowed.includes(account.chatgptAccountId));
  const [account] = accounts;
  if (opened.length === 0 || account === undefined) {
    state.record({ type: "login", email, outcome: "wrong password" });
    const problem =
      opened.length === 0 ? "Wrong email or password." : "This account is not in the workspace asked for.";
    return sendHtml(res, 200, loginPage(problem, email));
  }
  if (accounts.length > 1) return sendHtml(res, 200, workspacePage(accounts, email, password));
  return finish(loggedIn(account, state));
}

function allowedWorkspaces(asked: unknown, chosen: string | undefined): string[] | undefined {
  if (chosen !== undefined) return [chosen];
  return typeof asked === "string" ? asked.split(",") : undefined;
}

function loggedIn(account: TestAccount, state: IssuerState): Parameters<Provider["interactionFinished"]>[2] {
  if (!account.entitled) {
    state.record({ type: "login", email: account.email, outcome: "not entitled" });
    return { error: "access_denied", error_description: "missing_codex_entitlement" };
  }
  state.record({ type: "login", email: account.email, outcome: "success" });
  // Consent goes with the login, so that a person sees one page.
  return { login: { accountId: account.sub }, consent: {} };
}
