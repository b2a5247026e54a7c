import type {
  Absence,
  NeedsSignInReason,
  OtherAccountView,
  SignInNotice,
  Stage,
  UsageWindowView,
  View,
} from "../../src/shared/panelProtocol.ts";

/** The first view takes long to come. */
export const lateWords = "Still loading…";

/** The extension sent a view that the panel does not understand. */
export const mismatchWords =
  "This panel doesn't match the extension, which may have been updated. Run “Developer: Reload Window” from the Command Palette.";

/** What a running sign-in is doing, in words. */
export const stageWords: Record<Stage, string> = {
  starting: "Starting to sign in…",
  waitingForChoice: "Waiting for you to choose another way to sign in…",
  waitingForBrowser: "Waiting for you to sign in in the browser…",
  waitingForDevice: "Waiting for you to enter the code…",
  waitingForLink: "Waiting for the address that the browser ended on…",
  exchangingCode: "Signed in in the browser. Getting your credential…",
  saving: "Saving your credential…",
};

/** What to know while a sign-in waits, in words. */
export const noticeWords: Record<SignInNotice, string> = {
  linkCopied: "The link was copied. Open it in a browser; the sign-in keeps waiting for it.",
  linkNotOpened: "VS Code did not open the sign-in page. If you copied its link, open it in a browser.",
  serviceSilent: "The service does not answer at the moment. It will be asked again.",
};

/** Why a person has to sign in again, in words. */
export const needsSignInWords: Record<NeedsSignInReason, string> = {
  expired: "Your sign-in has expired.",
  reused: "Your sign-in was ended because its refresh token had already been used elsewhere.",
  revoked: "Your sign-in was revoked, for example by signing out on another device.",
  rejected: "Your sign-in is no longer accepted.",
  unreadable: "The saved sign-in could not be read.",
};

/** Why there is no derived key, in words. */
export const absenceWords: Record<Absence, string> = {
  pending: "Being made…",
  noOrganization: "This account has no OpenAI Platform organization.",
  refused: "A key for this account was refused.",
  unreachable: "The service that makes it could not be reached.",
};

/** Where an account's login comes from, in words. */
export const originWords: Record<OtherAccountView["origin"], string> = {
  own: "Signed in here.",
  linked: "Linked to the Codex CLI.",
  copied: "Copied from the Codex CLI.",
};

const busyWords: Record<NonNullable<View["busy"]>, string> = {
  refresh: "Refreshing…",
  signOut: "Signing out…",
  ownKey: "Updating the OpenAI API key…",
  derivedKey: "Making the API key…",
  codex: "Exchanging a login with the Codex CLI…",
};

/** The plan's windows, in words. */
export const usageWindowWords: Record<UsageWindowView["name"], string> = {
  fiveHour: "5-hour limit",
  weekly: "Weekly limit",
};

/** The whole state in a sentence or two, for the live region: a screen reader hears it when it changes. */
export function statusWords(view: View): string {
  if (view.busy !== undefined) {
    return busyWords[view.busy];
  }
  if (view.attempt !== undefined) {
    return stageWords[view.attempt.stage];
  }
  const mode = view.authMode === "chatgpt" ? "Requests use ChatGPT." : "Requests use the API key.";
  switch (view.sign.status) {
    case "signedOut":
      return `Signed out. ${mode}`;
    case "signedIn": {
      const { email } = view.sign.account;
      return `Signed in${email === undefined ? "" : ` as ${email}`}. ${mode}`;
    }
    case "needsSignIn":
      return `${needsSignInWords[view.sign.why]} Sign in again.`;
  }
}
