import type { AuthMode } from "../../shared/panelProtocol.ts";
import type { Known } from "../sessions/knownAccounts.ts";

/** What the status bar says. */
export interface StatusView {
  readonly text: string;
  readonly tooltip: string;
  /** The person has to act before requests can be made. */
  readonly warning: boolean;
}

/** The status bar's view of who is signed in and which credential is used; undefined where there is nothing to say. */
export function statusOf(known: Known | undefined, authMode: AuthMode): StatusView | undefined {
  const active = known?.accounts.find(({ id }) => id === known.active) ?? known?.accounts[0];
  if (authMode === "chatgpt") {
    if (!active) return warning("Sign in", "Requests use ChatGPT, and nobody is signed in.");
    if (active.needsSignIn) return warning("Sign in again", `The sign-in of ${active.label} is no longer accepted.`);
    return { text: `$(account) ${active.label}`, tooltip: `Requests use ChatGPT as ${active.label}.`, warning: false };
  }
  if (!known || (!known.ownKey && !active)) return undefined;
  const account = active ? ` ${active.label} is signed in with ChatGPT, which is not used now.` : "";
  return known.ownKey
    ? { text: "$(key) OpenAI API key", tooltip: `Requests use your OpenAI API key.${account}`, warning: false }
    : {
        text: "$(key) No API key",
        tooltip: `Requests use an OpenAI API key, and none is set.${account}`,
        warning: false,
      };
}

function warning(words: string, tooltip: string): StatusView {
  return { text: `$(warning) ChatGPT: ${words}`, tooltip, warning: true };
}
