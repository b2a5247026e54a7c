import type { Absence, NeedsSignInReason, Stage, View } from "../../src/panelProtocol.ts";

/** What a running sign-in is doing, in words. */
export const stageWords: Record<Stage, string> = {
  starting: "Starting to sign in…",
  waitingForBrowser: "Waiting for you to sign in in the browser…",
  exchangingCode: "Signed in in the browser. Getting your credential…",
  saving: "Saving your credential…",
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

const busyWords: Record<NonNullable<View["busy"]>, string> = {
  refresh: "Refreshing…",
  signOut: "Signing out…",
  ownKey: "Updating the OpenAI API key…",
  derivedKey: "Making the API key…",
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
