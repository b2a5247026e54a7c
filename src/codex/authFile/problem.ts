/** Kinds of login that the Codex CLI can keep in auth.json and that this extension cannot use. */
export type UnsupportedKind =
  | "chatgptAuthTokens"
  | "headers"
  | "agentIdentity"
  | "personalAccessToken"
  | "bedrock"
  | "unknown";

export type AuthFileReason =
  | "tooLarge"
  | "empty"
  | "html"
  | "notJson"
  | "tooDeep"
  | "stringTooLong"
  | "duplicateKeys"
  | "wrongShape"
  | "unusableCharacters"
  | "invalidIdToken"
  | "incompleteTokens"
  | "noCredential"
  | "unsupportedKind";

/** Why a text is not a usable auth.json. Carries no value of the file. */
export type AuthFileProblem =
  | { readonly reason: Exclude<AuthFileReason, "unsupportedKind"> }
  | { readonly reason: "unsupportedKind"; readonly kind: UnsupportedKind };
