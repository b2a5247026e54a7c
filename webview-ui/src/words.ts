import * as l10n from "@vscode/l10n";
import type {
  Absence,
  Busy,
  NeedsSignInReason,
  OtherAccountView,
  SignInNotice,
  Stage,
  UsageWindowView,
  View,
} from "../../src/shared/panelProtocol.ts";

/** Each text is a function: the language is set after this module has been read. */
type Words<Name extends string> = Readonly<Record<Name, () => string>>;

/** The first view takes long to come. */
export const lateWords = () => l10n.t("Still loading…");

/** The extension sent a view that the panel does not understand. */
export const mismatchWords = () =>
  l10n.t(
    "This panel doesn't match the extension, which may have been updated. Run “Developer: Reload Window” from the Command Palette.",
  );

/** What a running sign-in is doing. */
export const stageWords: Words<Stage> = {
  starting: () => l10n.t("Starting sign-in…"),
  waitingForChoice: () => l10n.t("Waiting for you to choose another method…"),
  waitingForBrowser: () => l10n.t("Waiting for you to sign in with your browser…"),
  waitingForDevice: () => l10n.t("Waiting for you to enter the code…"),
  waitingForLink: () => l10n.t("Waiting for you to paste the redirect address…"),
  redeeming: () => l10n.t("Sign-in in the browser is complete. Getting your credential…"),
  saving: () => l10n.t("Saving your credential…"),
};

/** What to do while a sign-in waits, as long as there is no notice. */
export const hintWords: Partial<Words<Stage>> = {
  waitingForBrowser: () => l10n.t("Finish in the browser window that opened, then return to VS Code."),
  waitingForLink: () =>
    l10n.t(
      "Sign in with your browser. When it ends on a page that it can't open, copy that page's address and choose “Paste address”.",
    ),
};

/** What to know while a sign-in waits. */
export const noticeWords: Words<SignInNotice> = {
  linkCopied: () => l10n.t("Link copied. Open it in a browser to continue."),
  linkNotOpened: () => l10n.t("VS Code didn't open the sign-in page. If you copied its link, open it in a browser."),
  pageNotReached: () =>
    l10n.t("The browser hasn't opened the sign-in page yet. If it doesn't, open the page again, or copy its link."),
  serviceSilent: () => l10n.t("The service isn't responding; retrying…"),
};

/** Why a person has to sign in again. */
export const needsSignInWords: Words<NeedsSignInReason> = {
  expired: () => l10n.t("Your sign-in has expired."),
  reused: () => l10n.t("Your sign-in ended because its refresh token was already used elsewhere."),
  revoked: () => l10n.t("Your sign-in was revoked, for example because you signed out on another device."),
  rejected: () => l10n.t("Your sign-in is no longer accepted."),
  unreadable: () => l10n.t("Your saved sign-in couldn't be read."),
};

/** Why there is no derived key. */
export const absenceWords: Words<Absence> = {
  pending: () => l10n.t("Creating…"),
  noOrganization: () => l10n.t("This account has no OpenAI Platform organization."),
  refused: () => l10n.t("OpenAI declined to create a key."),
  unreachable: () => l10n.t("The key couldn't be created just now."),
};

/** Where an account's login comes from. */
export const originWords: Words<OtherAccountView["origin"]> = {
  own: () => l10n.t("Signed in here"),
  linked: () => l10n.t("Linked to the Codex CLI"),
  copied: () => l10n.t("Copied from the Codex CLI"),
};

const busyWords: Words<Busy> = {
  refresh: () => l10n.t("Refreshing…"),
  signOut: () => l10n.t("Signing out…"),
  ownKey: () => l10n.t("Updating your OpenAI API key…"),
  derivedKey: () => l10n.t("Creating the account API key…"),
  codex: () => l10n.t("Sharing a login with the Codex CLI…"),
};

/** The plan's windows. */
export const usageWindowWords: Words<UsageWindowView["name"]> = {
  fiveHour: () => l10n.t("5-hour limit"),
  weekly: () => l10n.t("Weekly limit"),
};

/** The whole state in a sentence or two, for the live region: a screen reader hears it when it changes. */
export function statusWords(view: View): readonly string[] {
  if (view.busy.length > 0) return view.busy.map((action) => busyWords[action]());
  if (view.attempt !== undefined) return [stageWords[view.attempt.stage]()];
  const mode =
    view.authMode === "chatgpt"
      ? l10n.t("Requests use your ChatGPT account.")
      : l10n.t("Requests use your OpenAI API key.");
  switch (view.sign.status) {
    case "signedOut":
      return [l10n.t("Signed out."), mode];
    case "signedIn": {
      const { email } = view.sign.account;
      return [email === undefined ? l10n.t("Signed in.") : l10n.t("Signed in as {email}.", { email }), mode];
    }
    case "needsSignIn":
      return [needsSignInWords[view.sign.why](), l10n.t("Sign in again.")];
  }
}
