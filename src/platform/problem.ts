/**
 * Everything that can go wrong for a person, each with the one sentence they see. Sentences are fixed text of ours: no
 * word of a server, a file or a setting's value enters them.
 */
const sentences = {
  // signing in
  cancelled: "Sign-in was cancelled.",
  timedOut:
    "Sign-in was not completed in time (10 minutes, or 15 with a device code). Run “Sign in with ChatGPT” again.",
  portInUse:
    "Sign-in needs port 1455 or 1457 on this computer, and other programs are using both (perhaps another sign-in). Finish or close those, then try again.",
  portReserved:
    "The system does not allow listening on ports 1455 and 1457. On Windows they may be reserved: run “net stop winnat” and “net start winnat” as administrator, then try again.",
  browserFailed: "The browser could not be opened. Try again, or check which browser your system opens links with.",
  accessDenied:
    "The sign-in page reported that access was denied or cancelled. Run “Sign in with ChatGPT” to try again.",
  noEntitlement:
    "Your ChatGPT account does not include Codex. Ask the administrator of your ChatGPT workspace for access, then sign in again.",
  issuerError: "The sign-in page reported an error. Try again; if it persists, the log has its code.",
  deviceCodeDisabled:
    "Signing in with a device code is not enabled for your ChatGPT account. Turn on “device code authorization for Codex” in ChatGPT under Settings, Security (in a managed ChatGPT workspace, ask its administrator), or sign in with the browser.",
  pasteNotAnAddress:
    "Paste the whole address from the browser's address bar; it starts with http://localhost:1455/auth/callback or http://localhost:1457/auth/callback. A code alone is not enough.",
  pasteSignInPage:
    "This is the address of the sign-in page itself. Sign in there first, then paste the address that the browser ends on: it starts with http://localhost.",
  pasteOtherSignIn:
    "This address belongs to another sign-in. Paste the one of the page that was opened last, or open the sign-in page again.",
  workspaceNotAllowed:
    "You signed in to a ChatGPT workspace that the setting “chatgptSignIn.allowedWorkspaces” does not allow, so nothing was stored. Sign in again and choose an allowed ChatGPT workspace.",
  missingCode: "The sign-in page sent no authorization code. Run “Sign in with ChatGPT” to try again.",
  exchangeRefused: "The sign-in service refused to complete the sign-in. Run “Sign in with ChatGPT” to try again.",
  saveFailed: "VS Code could not store your credentials. Check that the system's keyring is unlocked, then try again.",
  signInNotAllowed:
    "You were not signed in, because you have not allowed the service that your settings name. Correct the addresses in your settings, or sign in again and choose “Allow”.",
  // addresses that the settings name
  endpointNotAllowed:
    "Nothing was sent, because you have not allowed the service that your settings name to receive your credential. Correct the address in your settings, or allow it in “Open ChatGPT Settings”.",
  keyNotSent:
    "The API key was not sent anywhere, because you have not allowed the service that “chatgptSignIn.apiBaseUrl” names. Correct the setting, or set the key again and choose “Allow”.",
  // talking to a service
  serviceFailed: "The service failed for the moment. Nothing was lost; try again in a few minutes.",
  rateLimited: "The service asks for fewer requests. Nothing was lost; try again in a few minutes.",
  unreadableAnswer:
    "The service's answer could not be read; a proxy or a sign-in page of your network may have replaced it. Nothing was lost; check the network and try again.",
  networkSignIn:
    "This network asks you to sign in to it first (a captive portal). Open any web page in your browser, accept the network's terms, then try again.",
  regionBlocked:
    "The service does not accept requests from this network's region. If your browser uses a proxy, give VS Code the same one (setting “http.proxy”).",
  edgeBlocked:
    "A protection page stands between VS Code and the service (HTTP 403). Try another network, or turn VPN and proxy off or on.",
  dnsFailed: "The service's address could not be looked up. Check the network connection and VS Code's “http.proxy”.",
  tlsFailed:
    "The secure connection to the service failed: its certificate is not trusted here. On a network with TLS inspection, install the company's certificate in the system.",
  proxyFailed:
    "The proxy refused the connection to the service. Check VS Code's setting “http.proxy” and its credentials.",
  unreachable: "The service could not be reached. Check the network connection and VS Code's “http.proxy”.",
  answerLost: "The service did not answer in time. Nothing was lost; try again.",
  // the credential
  notSignedIn: "You are not signed in with ChatGPT. Run “Sign in with ChatGPT” first.",
  needsSignIn: "Your ChatGPT sign-in is no longer accepted. Run “Sign in with ChatGPT” again.",
  accountMismatch:
    "The service answered for another account, so its answer was not used. Sign in again if this persists.",
  linkEnded:
    "The Codex CLI is no longer signed in with the account that is linked here. Run “Import from Codex CLI” again, or sign in with ChatGPT here.",
  staleWindow: "Another window has changed the ChatGPT sign-in. Reload this window to go on.",
  busyElsewhere:
    "Another window is renewing the ChatGPT credential and has not finished. Nothing was lost; try again in a minute.",
  notYetAccepted:
    "The service does not accept the ChatGPT credential that it has just issued. Nothing was lost; try again in a minute.",
  corruptStore:
    "The stored ChatGPT credential could not be read. Run “Sign in with ChatGPT” to go on; the unreadable one is kept aside.",
  newerStore:
    "The stored ChatGPT credential was written by a newer version of this extension. Update the extension, or sign in again.",
  notKept:
    "The ChatGPT credential stored last time is gone: this system's keyring seems to keep secrets in memory only. Set up a keyring (such as gnome-keyring), then sign in again.",
  keyringFailed:
    "VS Code's secret storage, which uses the system's keyring, failed. Nothing was lost. Check that the keyring is unlocked, then try again.",
  keyringSilent:
    "VS Code's secret storage, which uses the system's keyring, did not answer in time. Check whether the keyring is asking for its password, then try again.",
  // own key
  noEnvironmentKey: "There is no OpenAI API key in OPENAI_API_KEY of VS Code's environment.",
  noApiKey: "No OpenAI API key is set. Run “Set OpenAI API Key” first.",
  noDerivedKey:
    "This ChatGPT account has no OpenAI API key. “Open ChatGPT Settings” says why; “Set OpenAI API Key” is the other way.",
  keyRejected: "OpenAI does not accept this API key. The key that was set before stays in use.",
} as const;

export type ProblemCode = keyof typeof sentences;

/** Put before a sentence, where it matters what had worked until then. */
const leads = {
  browserReached: "Your browser reached the sign-in service, but VS Code did not.",
} as const;

/**
 * The only error that our own code throws for a person to see. `message` is safe to show; `detail` (a status, an
 * error code of the protocol) goes into the log only and is redacted there.
 */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly detail: string | undefined;

  constructor(code: ProblemCode, detail?: string, lead?: keyof typeof leads) {
    super(lead === undefined ? sentences[code] : `${leads[lead]} ${sentences[code]}`);
    this.code = code;
    this.detail = detail;
  }
}

/** A failure that is worded where it happens: `message` is fixed text of ours, safe to show; `detail` is for the log. */
export class WordedProblem extends Error {
  override readonly name = "WordedProblem";
  readonly detail: string | undefined;

  constructor(sentence: string, detail?: string) {
    super(sentence);
    this.detail = detail;
  }
}

/** A setting whose value cannot be used; the sentence names the setting and never its value. */
export class SettingProblem extends Error {
  override readonly name = "SettingProblem";
  readonly setting: string;

  constructor(setting: string) {
    super(
      `The setting “${setting}” must be an https URL (http only for this computer) without user name, query or fragment. Correct it in your user settings.`,
    );
    this.setting = setting;
  }
}

/** The sentence a person sees for any thrown value. */
export function sentenceFor(error: unknown): string {
  if (error instanceof Problem || error instanceof WordedProblem || error instanceof SettingProblem) {
    return error.message;
  }
  return "Something unexpected went wrong. The log has the details.";
}

export function isProblem(error: unknown, ...codes: ProblemCode[]): error is Problem {
  return error instanceof Problem && (codes.length === 0 || codes.includes(error.code));
}
