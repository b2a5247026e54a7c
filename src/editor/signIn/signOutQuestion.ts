import * as l10n from "@vscode/l10n";
import type { Credential } from "../../account/credential.ts";
import { shownName } from "../../shared/shownText.ts";
import { confirm } from "../vscode/confirm.ts";

export interface SignOutSubject {
  /** What the account is called; cleaned here. */
  readonly label: string | undefined;
  /** Undefined where the record could not be read. */
  readonly credential: Pick<Credential, "origin" | "derivedKey"> | undefined;
  /** Whether requests use the person's own API key once it is signed out; "maybe" where other accounts can't be read. */
  readonly ownKeyFollows: boolean | "maybe";
}

/** Asks the person whether to sign out of an account. */
export function confirmSignOut({ label, credential, ownKeyFollows }: SignOutSubject): Promise<boolean> {
  const account = shownName(label);
  const question =
    account === undefined ? l10n.t("Sign out of this ChatGPT account?") : l10n.t("Sign out of {account}?", { account });
  const details = [detailOf(credential?.origin)];
  if (credential?.derivedKey.status === "present") {
    details.push(l10n.t("The account API key saved here is deleted, too."));
  }
  if (ownKeyFollows === "maybe") {
    details.push(
      l10n.t(
        "If no other account is signed in, requests will then use your OpenAI API key, and OpenAI bills you for them.",
      ),
    );
  } else if (ownKeyFollows) {
    details.push(l10n.t("Requests will then use your OpenAI API key, and OpenAI bills you for them."));
  }
  return confirm({ question, detail: details.join("\n\n"), no: l10n.t("Stay Signed In") }, l10n.t("Sign Out"));
}

function detailOf(origin: Credential["origin"] | undefined): string {
  switch (origin) {
    case "own":
      return l10n.t(
        "The credential is revoked at OpenAI and deleted from this computer. To use the account here again, sign in again.",
      );
    case "copied":
      return l10n.t(
        "The copied login is deleted from this computer. The Codex CLI's login is unchanged, but may no longer work if this extension has refreshed the copy.",
      );
    case "linked":
      return l10n.t("The Codex CLI stays signed in. To use this account here again, link the login or sign in.");
    default:
      return l10n.t("The credential is deleted from this computer. To use the account here again, sign in again.");
  }
}
