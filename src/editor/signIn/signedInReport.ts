import * as l10n from "@vscode/l10n";
import type { Account } from "../../account/state.ts";
import { planName } from "../../shared/planName.ts";
import { shownName } from "../../shared/shownText.ts";

/** Tells who has signed in. */
export function signedInSentence({ email, plan }: Pick<Account, "email" | "plan">): string {
  if (email === undefined || !isPlainEmail(email)) return l10n.t("Signed in with ChatGPT.");
  if (plan === undefined || !isPlainName(plan)) return l10n.t("Signed in as {email}.", { email });
  return l10n.t("Signed in as {email} ({plan}).", { email, plan: planName(plan) });
}

/** Both come from the issuer, and a notification renders links: text that could be one is left out. */
function isPlainEmail(email: string): boolean {
  return shownName(email) === email && /^[^\s@]{1,64}@[^\s@]+$/.test(email);
}

function isPlainName(plan: string): boolean {
  return /^[\w -]{1,64}$/.test(plan);
}
