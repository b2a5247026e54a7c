import type { Problem } from "../shared/problem.ts";

/** Everything that can end a chat request, closed: whoever shows it handles each kind. */
export type RequestFailure =
  /** The plan's window is used up; `resetsAt` in ms since 1970 when the service told it. */
  | { readonly kind: "usageLimitReached"; readonly resetsAt?: number; readonly plan?: string }
  | { readonly kind: "usageNotIncluded" }
  | { readonly kind: "quotaExceeded" }
  | { readonly kind: "rateLimited" }
  | { readonly kind: "modelNotSupported" }
  | { readonly kind: "contextLengthExceeded" }
  | { readonly kind: "contentRefused" }
  | { readonly kind: "overloaded" }
  | { readonly kind: "serverError" }
  | { readonly kind: "regionBlocked" }
  | { readonly kind: "edgeBlocked" }
  | { readonly kind: "forbidden" }
  | { readonly kind: "signInExpired" }
  | { readonly kind: "apiKeyRejected" }
  /** The same two for the key that was made for the account: another way out of them. */
  | { readonly kind: "derivedKeyRejected" }
  | { readonly kind: "derivedKeyMissing" }
  | { readonly kind: "badRequest" }
  /** The answer broke off before it was complete. */
  | { readonly kind: "streamLost" }
  /** Nothing was heard for the idle limit. */
  | { readonly kind: "silent" }
  /** An answer that is not what the protocol says, e.g. a captive portal's page with status 200. */
  | { readonly kind: "unreadableAnswer" }
  /** The network or the credential failed before the service could answer; it has its own sentence. */
  | { readonly kind: "problem"; readonly problem: Problem };

export type RequestFailureKind = RequestFailure["kind"];

const sentences: Readonly<Record<Exclude<RequestFailureKind, "problem" | "usageLimitReached">, string>> = {
  usageNotIncluded:
    "Your ChatGPT plan does not include this use. See chatgpt.com for the plans that do, or use an API key.",
  quotaExceeded:
    "The OpenAI API account of this key has no quota left. Check its plan and billing on platform.openai.com.",
  rateLimited: "OpenAI asks for fewer requests at the moment. Wait a little, then try again.",
  modelNotSupported: "This model is not available to your account. Pick another model.",
  contextLengthExceeded: "The conversation is too long for this model. Start a new chat, or attach less.",
  contentRefused: "OpenAI declined to answer this request because of its usage policies.",
  overloaded: "OpenAI is overloaded at the moment. Try again in a few minutes.",
  serverError: "OpenAI failed to answer for the moment. Try again in a few minutes.",
  regionBlocked:
    "OpenAI does not accept requests from this network's region. If your browser uses a proxy, give VS Code the same one (setting “http.proxy”).",
  edgeBlocked:
    "A protection page stands between VS Code and OpenAI (HTTP 403). Try another network, or turn VPN and proxy off or on.",
  forbidden: "OpenAI does not allow this account or key to make this request. The log has the details.",
  signInExpired: "Your ChatGPT sign-in is no longer accepted. Run “Sign in with ChatGPT” again.",
  apiKeyRejected: "OpenAI does not accept the API key in use. Set another with “Set OpenAI API Key”.",
  derivedKeyRejected:
    "OpenAI does not accept the API key that was made for your account. Make a new one in “Open ChatGPT Settings”, or set “chatgptSignIn.chatBackend” to “chatgpt”.",
  derivedKeyMissing:
    "Your account has no API key of the OpenAI Platform, and the setting “chatgptSignIn.chatBackend” asks for one. “Open ChatGPT Settings” says why.",
  badRequest: "OpenAI could not accept this request. The log has the details.",
  streamLost: "The connection broke before the answer was complete. Try again.",
  silent: "OpenAI sent nothing for 5 minutes, so the request was ended. Try again.",
  unreadableAnswer: "The answer could not be read; a proxy or a sign-in page of your network may have replaced it.",
};

/**
 * The sentence a person sees.
 * @param formatTime turns ms since 1970 into the person's local time
 */
export function failureSentence(failure: RequestFailure, formatTime: (ms: number) => string = localTime): string {
  if (failure.kind === "problem") return failure.problem.message;
  if (failure.kind !== "usageLimitReached") return sentences[failure.kind];
  const until = failure.resetsAt === undefined ? "later" : `after ${formatTime(failure.resetsAt)}`;
  return `You have reached the usage limit of your ChatGPT plan. Try again ${until}, or switch to an API key.`;
}

/** Weekday, hour and minute where the person is, e.g. “Mon 14:05”. */
export function localTime(ms: number): string {
  return new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" }).format(ms);
}

/** The only error (besides an abort's reason) that a request rejects with. `detail` is for the log: codes, no text of a person. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly failure: RequestFailure;
  readonly detail: string | undefined;
  /** The credential was refused, but not in the service's own words: something in between may have written it. */
  readonly isDoubtful: boolean;

  constructor(failure: RequestFailure, detail?: string, isDoubtful = false) {
    super(failureSentence(failure));
    this.failure = failure;
    this.detail = detail;
    this.isDoubtful = isDoubtful;
  }
}

/** What an error means where another credential is of no help: a doubtful refusal is then not the credential's. */
export function withoutDoubt(error: unknown): unknown {
  if (!(error instanceof RequestError && error.isDoubtful)) return error;
  return new RequestError({ kind: "unreadableAnswer" }, error.detail);
}

/** Whether the service refused the credential, which may be old. */
export function isUnauthorized({ kind }: RequestFailure): boolean {
  return kind === "signInExpired" || kind === "apiKeyRejected";
}

/** A `Problem` of the network or the credential, as the failure of a request. */
export function requestErrorOf(problem: Problem): RequestError {
  if (problem.code === "keyRejected") return new RequestError({ kind: "apiKeyRejected" }, problem.detail);
  if (problem.code === "needsSignIn") return new RequestError({ kind: "signInExpired" }, problem.detail);
  return new RequestError({ kind: "problem", problem }, problem.detail);
}
