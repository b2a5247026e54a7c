/** The rules that hold after every story; the numbers are those of the list in docs. */
export const rules = {
  notSignedOut: "Nobody is signed out whom neither a person nor the issuer ended",
  notSentTwice: "No refresh token is sent twice while the world allows once",
  notLivingOn: "No token lives on after a sign-out that could reach it",
  indexIsKept: "No account disappears from, or returns to, the index by itself",
  oneOwner: "No refresh token belongs to two, unless the person has copied it",
  cliKeepsLogin: "A sign-out here never ends the login of the Codex CLI",
  backupsAreTold: "A backup with a login is left only where the person was told",
  callsEnd: "Every call ends within its limit",
  wordsAreTrue: "What is said is true",
  quiet: "Nothing is left unhandled, and nothing goes on without end",
} as const;
export type Rule = keyof typeof rules;

/** A rule that was broken. */
export interface Finding {
  readonly rule: Rule;
  readonly what: string;
}
