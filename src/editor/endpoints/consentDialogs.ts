import * as l10n from "@vscode/l10n";
import type { EndpointQuestion } from "../../account/endpointPermissions.ts";
import { shownText } from "../../shared/shownText.ts";
import { confirm } from "../vscode/confirm.ts";
import { languageOfTexts } from "../vscode/language.ts";

/** A path is not the part that tells who gets the credential; characters. */
const longestAddress = 120;

/** Asks the person in a modal dialog whether a credential may be sent to addresses that the settings name. */
export function askForEndpoints({ kind, addresses }: EndpointQuestion): Promise<boolean> {
  // As a URL parser writes them, so that no host can look like another.
  const each = new Set(addresses.map((address) => new URL(address).host));
  const hosts = new Intl.ListFormat(languageOfTexts()).format(each);
  const message =
    kind === "apiKey"
      ? l10n.t("Send your OpenAI API key to {hosts}?", { hosts })
      : l10n.t("Send your ChatGPT credential to {hosts}?", { hosts });
  const allow = l10n.t("Allow");
  const detail = l10n.t(
    "Your settings send it to:\n{addresses}\n\nThe operator of this service can read the credential and use it on your behalf. Any extension can change settings. Choose “{allow}” only if you changed them yourself and trust the service.",
    { addresses: addresses.map(shortened).join("\n"), allow },
  );
  return ask(message, detail, allow);
}

/** Asks the person in a modal dialog whether integrated terminals may have the API key. */
export function askForTerminals(): Promise<boolean> {
  const allow = l10n.t("Allow");
  const detail = l10n.t(
    "The setting “chatgptSignIn.terminalEnvironment” was turned on. Any program that runs in a terminal can then read the key from OPENAI_API_KEY. Any extension can change settings. Choose “{allow}” only if you turned it on yourself.",
    { allow },
  );
  return ask(l10n.t("Provide the API key to integrated terminals?"), detail, allow);
}

/** The host is there to its end, however long it is. */
function shortened(address: string): string {
  const end = Math.max(longestAddress, new URL(address).origin.length);
  return shownText(address, end) ?? "";
}

function ask(question: string, detail: string, allow: string): Promise<boolean> {
  return confirm({ question, detail, no: l10n.t("Don't Allow") }, allow);
}
