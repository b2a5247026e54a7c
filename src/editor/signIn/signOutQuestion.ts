import * as l10n from "@vscode/l10n";
import type { Credential } from "../../account/credential.ts";
import { shownName } from "../../shared/shownText.ts";
import { confirm } from "../vscode/confirm.ts";

/**
 * Whether signing out loses nothing that cannot be had again without the person: a linked login stays with the Codex
 * CLI, and tokens that the issuer has rejected are worth nothing.
 */
export function losesNothing({ origin, rejected, derivedKey }: Credential): boolean {
  return origin === "linked" || (rejected !== undefined && derivedKey.status === "absent");
}

/**
 * Asks the person whether to sign out of an account.
 * @param label what the account is called; cleaned here
 * @param origin undefined where the record could not be read
 */
export function confirmSignOut(label: string | undefined, origin: Credential["origin"] | undefined): Promise<boolean> {
  const account = shownName(label);
  const question =
    account === undefined ? l10n.t("Sign out of this ChatGPT account?") : l10n.t("Sign out of {account}?", { account });
  return confirm(question, detailOf(origin), l10n.t("Sign Out"));
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
    default:
      return l10n.t("The credential is deleted from this computer. To use the account here again, sign in again.");
  }
}
