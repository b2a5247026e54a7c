/** Kinds of login that the Codex CLI can keep in auth.json and that this extension cannot use. */
export type UnsupportedKind =
  | "chatgptAuthTokens"
  | "headers"
  | "agentIdentity"
  | "personalAccessToken"
  | "bedrock"
  | "unknown";

/** Why a text is not a usable auth.json. Carries no value of the file. */
export type AuthFileProblem =
  | { readonly reason: Exclude<AuthFileReason, "unsupportedKind"> }
  | { readonly reason: "unsupportedKind"; readonly kind: UnsupportedKind };

const sentences = {
  tooLarge: "This is larger than any login file of the Codex CLI. Choose the file “auth.json” in the folder “.codex”.",
  notText: "This is not a UTF-8 text. Choose the file “auth.json” that the Codex CLI wrote, without converting it.",
  empty: "The login file of the Codex CLI is empty. Run “codex login” in a terminal, then try again.",
  html: "This is a web page, not a login file of the Codex CLI. Choose the file “auth.json” in the folder “.codex”.",
  notJson:
    "The login file of the Codex CLI is damaged: it is not valid JSON. Run “codex login” in a terminal to write it anew.",
  tooDeep: "This is not a login file of the Codex CLI. Choose the file “auth.json” in the folder “.codex”.",
  stringTooLong: "This is not a login file of the Codex CLI. Choose the file “auth.json” in the folder “.codex”.",
  duplicateKeys:
    "The login file of the Codex CLI says something twice, so it is unclear which holds. Run “codex login” in a terminal to write it anew.",
  wrongShape:
    "The login file of the Codex CLI is damaged: a part of it is of the wrong kind. Run “codex login” in a terminal to write it anew.",
  unusableCharacters:
    "A token or key in the login file of the Codex CLI holds characters that none can hold. Run “codex login” in a terminal to write it anew.",
  invalidIdToken:
    "The ID token in the login file of the Codex CLI cannot be read. Run “codex login” in a terminal to write the file anew.",
  incompleteTokens:
    "The login file of the Codex CLI lacks some of its tokens. Run “codex login” in a terminal to write it anew.",
  noCredential: "The Codex CLI is not signed in. Run “codex login” in a terminal, then try again.",
  unsupportedKind:
    "The Codex CLI is signed in in a way that this extension cannot use. Sign in with ChatGPT here instead.",
} as const;

export type AuthFileReason = keyof typeof sentences;

const kindSentences: Readonly<Record<UnsupportedKind, string>> = {
  chatgptAuthTokens:
    "Another program supplies the Codex CLI with its tokens, so they cannot be shared. Sign in with ChatGPT here instead.",
  headers: "The Codex CLI is signed in with request headers of its own. Sign in with ChatGPT here instead.",
  agentIdentity: "The Codex CLI is signed in as an agent, not as a person. Sign in with ChatGPT here instead.",
  personalAccessToken:
    "The Codex CLI is signed in with a personal access token, which this extension cannot use. Sign in with ChatGPT here instead.",
  bedrock: "The Codex CLI is signed in to Amazon Bedrock, not to ChatGPT. Sign in with ChatGPT here instead.",
  unknown:
    "The Codex CLI is signed in in a way that this version of the extension does not know. Update the extension, or sign in with ChatGPT here instead.",
};

/** One English sentence or two: what is wrong, and what to do next. */
export function describeAuthFileProblem(problem: AuthFileProblem): string {
  return problem.reason === "unsupportedKind" ? kindSentences[problem.kind] : sentences[problem.reason];
}
