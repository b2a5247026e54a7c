import * as vscode from "vscode";
import type { EndpointQuestion } from "../../account/endpointPermissions.ts";

/** A path is not the part that tells who gets the credential; characters. */
const longestAddress = 120;

/** Asks the person in a modal dialog whether a credential may be sent to addresses that the settings name. */
export function askForEndpoints(question: EndpointQuestion): Promise<boolean> {
  const { message, detail } = endpointQuestion(question);
  return ask(message, detail);
}

/** Asks the person in a modal dialog whether integrated terminals may have the API key. */
export function askForTerminals(): Promise<boolean> {
  return ask(
    "Give your OpenAI API key to integrated terminals?",
    "The setting “chatgptSignIn.terminalEnvironment” was turned on. Every program that you start in a terminal could read the key from OPENAI_API_KEY. Any extension can change settings. Choose “Allow” only if you turned it on yourself.",
  );
}

/** What `askForEndpoints` says; addresses as a URL parser writes them, so that no host can look like another. */
export function endpointQuestion({ kind, addresses }: EndpointQuestion): { message: string; detail: string } {
  const hosts = new Set(addresses.map((address) => new URL(address).host));
  const what = kind === "apiKey" ? "OpenAI API key" : "ChatGPT credential";
  return {
    message: `Send your ${what} to ${new Intl.ListFormat("en").format(hosts)}?`,
    detail: `Your settings send it to:\n${addresses.map(shortened).join("\n")}\n\nWhoever runs this service can read the credential and use it in your name. Any extension can change settings. Choose “Allow” only if you changed them yourself and trust the service.`,
  };
}

/** The host is there to its end, however long it is. */
function shortened(address: string): string {
  const end = Math.max(longestAddress, new URL(address).origin.length);
  return address.length > end ? `${address.slice(0, end)}…` : address;
}

async function ask(message: string, detail: string): Promise<boolean> {
  const answer = await vscode.window.showWarningMessage(message, { modal: true, detail }, "Allow");
  return answer === "Allow";
}
