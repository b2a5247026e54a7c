import * as l10n from "@vscode/l10n";
import type { Credential } from "../../account/credential.ts";
import type { Revocation } from "../../account/revoker.ts";
import type { SignOutOutcome } from "../../account/signOut.ts";

/**
 * Tells what signing out has come to, here and at OpenAI; what is left is named.
 * @param credential undefined where it could not be read
 * @param after whether it was the last account that was signed in, and whether requests use the own key because of it
 */
export function signOutSentence(
  credential: Pick<Credential, "origin" | "derivedKey"> | undefined,
  { isLast, ownKeyFollows }: { isLast: boolean; ownKeyFollows: boolean },
  { signIn, earlier, isStored }: SignOutOutcome,
): string {
  const sentences = [
    isLast
      ? l10n.t("You're signed out of ChatGPT on this computer.")
      : l10n.t("The account is signed out on this computer. Your other ChatGPT accounts stay signed in."),
  ];
  if (ownKeyFollows) {
    sentences.push(l10n.t("Requests now use your OpenAI API key, and OpenAI bills you for them."));
  }
  if (isStored) {
    sentences.push(
      l10n.t("The credential couldn't be deleted yet and may still be stored here. This will be tried again later."),
    );
  }
  sentences.push(signInSentence(credential?.origin ?? "own", signIn));
  // What has become of the sign-in itself is the same in most cases.
  if (earlier !== undefined && earlier !== signIn) sentences.push(...earlierSentence(earlier));
  if (credential?.origin === "own" && credential.derivedKey.status === "present") {
    sentences.push(l10n.t("The account API key stays valid until you delete it at platform.openai.com."));
  }
  return sentences.join(" ");
}

/** Whether something of a sign-in that has ended is left, or may be, so that a person should read about it. */
export function isAnythingLeft({ signIn, earlier, isStored }: SignOutOutcome): boolean {
  const left: readonly unknown[] = ["failed", "refused", "unclear"];
  return isStored || left.includes(signIn) || left.includes(earlier);
}

function signInSentence(origin: Credential["origin"], signIn: SignOutOutcome["signIn"]): string {
  switch (signIn) {
    case "codex":
      return origin === "copied"
        ? l10n.t("The Codex CLI's login is unchanged.")
        : l10n.t("The Codex CLI stays signed in.");
    case "unclear":
      return l10n.t("It's unclear whether the Codex CLI uses this sign-in by now, so it wasn't revoked at OpenAI.");
    case "revoked":
      return l10n.t("The sign-in was also revoked at OpenAI.");
    case "over":
      return l10n.t("At OpenAI, the sign-in was no longer valid.");
    case "refused":
      return l10n.t("OpenAI refused to revoke the sign-in, so it may stay valid there until it expires.");
    case "failed":
      return l10n.t(
        "The sign-in couldn't be revoked at OpenAI yet and may still be valid there. This will be tried again later.",
      );
  }
}

/** An earlier sign-in that was revoked or was over needs no mention. */
function earlierSentence(earlier: Revocation): string[] {
  if (earlier === "failed") {
    return [
      l10n.t(
        "An earlier sign-in with this account couldn't be revoked at OpenAI yet and may still be valid there. This will be tried again later.",
      ),
    ];
  }
  if (earlier === "refused") {
    return [
      l10n.t(
        "OpenAI refused to revoke an earlier sign-in with this account, so it may stay valid there until it expires.",
      ),
    ];
  }
  return [];
}
