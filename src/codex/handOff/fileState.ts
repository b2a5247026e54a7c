import { authFileIn, halfWritten } from "../authFile/contents.ts";
import type { CodexTokens } from "../authFile/parse.ts";
import type { AuthFileProblem } from "../authFile/problem.ts";
import type { AuthFileRead, ReadFile } from "../authFile/read.ts";
import { isSuccessor, type PendingHandOff } from "./record.ts";

/** What an auth.json shows about a hand-off. */
export type FileState =
  | { readonly status: "none" }
  /** The file that the hand-off has replaced, or was about to. */
  | { readonly status: "earlier" }
  /** Somebody is writing it, so it says nothing yet. */
  | { readonly status: "halfWritten"; readonly problem: AuthFileProblem }
  /** Our login: also in a form that is unknown here, or beside another one that is in use. */
  | { readonly status: "handedOff" }
  /** What the Codex CLI got when it refreshed our login. */
  | { readonly status: "refreshed"; readonly tokens: CodexTokens }
  | { readonly status: "foreign" };

export function stateOf(read: ReadFile | { readonly status: "missing" }, pending: PendingHandOff): FileState {
  if (read.status === "missing") return { status: "none" };
  if (isEarlier(read, pending)) return { status: "earlier" };
  const problem = halfWritten(read);
  if (problem) return { status: "halfWritten", problem };
  if (holdsOurToken(read, pending)) return { status: "handedOff" };
  const tokens = loginTokensIn(read);
  return tokens?.refreshToken && isSuccessor(tokens, pending) ? { status: "refreshed", tokens } : { status: "foreign" };
}

/** The tokens that the Codex CLI would use from this file. */
export function loginTokensIn(read: AuthFileRead): CodexTokens | undefined {
  const file = authFileIn(read);
  return file?.mode === "chatgpt" ? file.tokens : undefined;
}

/** Whether the file contains our refresh token in any form. */
export function holdsOurToken(read: AuthFileRead, { tokens }: PendingHandOff): boolean {
  return read.status === "read" && read.text.includes(tokens.refreshToken);
}

/** Whether the Codex CLI would use the login that was handed off, as it was or after a refresh. */
export function isInUse(read: AuthFileRead, pending: PendingHandOff): boolean {
  const tokens = loginTokensIn(read);
  if (!tokens?.refreshToken || isEarlier(read, pending)) return false;
  return tokens.refreshToken === pending.tokens.refreshToken || isSuccessor(tokens, pending);
}

function isEarlier(read: AuthFileRead, { handOff }: PendingHandOff): boolean {
  return read.status === "read" && read.fingerprint === handOff.replaced?.fingerprint;
}
