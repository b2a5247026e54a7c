import * as l10n from "@vscode/l10n";

/** What can go wrong on the way to a service. */
export const networkProblems = {
  serviceFailed: () => l10n.t("The service couldn't process the request. Try again in a few minutes."),
  rateLimited: () => l10n.t("Too many requests. Try again in a few minutes."),
  unreadableAnswer: () =>
    l10n.t(
      "The service's response couldn't be read; a proxy or a network sign-in page may have replaced it. Check your network, then try again.",
    ),
  networkSignIn: () =>
    l10n.t(
      "This network requires you to sign in first (captive portal). Open any web page in your browser, accept the network's terms, then try again.",
    ),
  regionBlocked: () =>
    l10n.t(
      "The service isn't available in the region of this network. If your browser uses a proxy, set the same one in “http.proxy”.",
    ),
  edgeBlocked: () =>
    l10n.t(
      "A bot-protection page blocked VS Code (HTTP 403). Try another network, or turn your VPN or proxy on or off.",
    ),
  dnsFailed: () =>
    l10n.t("The service's address couldn't be resolved. Check your network connection and the setting “http.proxy”."),
  tlsFailed: () =>
    l10n.t(
      "A secure connection couldn't be established; the service's certificate may not be trusted here. On a network with TLS inspection, install your company's certificate in the system.",
    ),
  proxyFailed: () =>
    l10n.t("The proxy refused the connection. Check the setting “http.proxy” and your proxy credentials."),
  unreachable: () =>
    l10n.t("The service couldn't be reached. Check your network connection and the setting “http.proxy”."),
  answerLost: () => l10n.t("The service didn't respond. Try again."),
};
