import * as l10n from "@vscode/l10n";

/** What can go wrong on the way to a service. */
export const networkProblems = {
  serviceFailed: () => l10n.t("The service failed for the moment. Nothing was lost; try again in a few minutes."),
  rateLimited: () => l10n.t("The service asks for fewer requests. Nothing was lost; try again in a few minutes."),
  unreadableAnswer: () =>
    l10n.t(
      "The service's answer could not be read; a proxy or a sign-in page of your network may have replaced it. Nothing was lost; check the network and try again.",
    ),
  networkSignIn: () =>
    l10n.t(
      "This network asks you to sign in to it first (a captive portal). Open any web page in your browser, accept the network's terms, then try again.",
    ),
  regionBlocked: () =>
    l10n.t(
      "The service does not accept requests from this network's region. If your browser uses a proxy, give VS Code the same one (setting “http.proxy”).",
    ),
  edgeBlocked: () =>
    l10n.t(
      "A protection page stands between VS Code and the service (HTTP 403). Try another network, or turn VPN and proxy off or on.",
    ),
  dnsFailed: () =>
    l10n.t("The service's address could not be looked up. Check the network connection and VS Code's “http.proxy”."),
  tlsFailed: () =>
    l10n.t(
      "The secure connection to the service failed: its certificate is not trusted here. On a network with TLS inspection, install the company's certificate in the system.",
    ),
  proxyFailed: () =>
    l10n.t(
      "The proxy refused the connection to the service. Check VS Code's setting “http.proxy” and its credentials.",
    ),
  unreachable: () =>
    l10n.t("The service could not be reached. Check the network connection and VS Code's “http.proxy”."),
  answerLost: () => l10n.t("The service did not answer in time. Nothing was lost; try again."),
};
