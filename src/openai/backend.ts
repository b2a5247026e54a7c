/** Which credential a request is made with: the ChatGPT access token, or an OpenAI API key (own or derived). */
export type CredentialKind = "chatgpt" | "apiKey";

/** What goes into the headers of a request. Never logged. */
export interface Credential {
  readonly bearer: string;
  /** `chatgpt_account_id`; only with a ChatGPT access token. */
  readonly accountId?: string;
  /** The account lives on the FedRAMP side (claim `chatgpt_account_is_fedramp`). */
  readonly fedramp?: boolean;
}

/** Where requests get their credential. Both reject with a `Problem` (`notSignedIn`, `needsSignIn`, `noApiKey`, …). */
export interface CredentialSource {
  get(kind: CredentialKind): Promise<Credential>;
  /** After a 401: re-reads the store, refreshes once if that gave nothing newer, and resolves with what to try next. */
  rejected(credential: Credential): Promise<Credential>;
}

/** Who is asking: told honestly in `originator` and `User-Agent` (protocol.md, section 10, policy on third parties). */
export interface ClientIdentity {
  /** Of this extension. */
  readonly version: string;
  readonly vscodeVersion: string;
  /** `process.platform` and `process.arch`. */
  readonly os: string;
  readonly arch: string;
}

/** What the headers tell of a single request. */
export interface RequestTraits {
  /** Ties the requests of one conversation together for the service's prompt cache; holds nothing about the person. */
  readonly sessionId: string;
  /** The body has the form that `use_responses_lite` models want; the service must be told so. */
  readonly responsesLite: boolean;
}

/** One of the two services that answer chat requests, and what each wants in its headers. */
export interface Backend {
  readonly kind: "chatgpt" | "platform";
  readonly credentialKind: CredentialKind;
  readonly responsesUrl: string;
  readonly modelsUrl: string;
  /** The plan's usage windows; an API key has none. */
  readonly usageUrl: string | undefined;
  headers(credential: Credential, request?: RequestTraits): Record<string, string>;
}

export const originator = "chatgpt_sign_in";

/**
 * The version of the Codex protocol that this code speaks. The catalogue hides models that need a newer client
 * (`minimal_client_version`), so this is a statement about the wire format, not about who we are.
 */
export const codexProtocolVersion = "0.150.0";

/** `chatgpt_sign_in/VERSION (OS; arch) vscode/VERSION`. */
export function userAgent(client: ClientIdentity): string {
  return `${originator}/${client.version} (${client.os}; ${client.arch}) vscode/${client.vscodeVersion}`;
}

/**
 * The ChatGPT service, paid by the person's plan.
 * @param baseUrl setting `chatgptBaseUrl`, e.g. `https://chatgpt.com/backend-api`
 */
export function chatgptBackend(baseUrl: string, client: ClientIdentity): Backend {
  const base = withoutSlash(baseUrl);
  return {
    kind: "chatgpt",
    credentialKind: "chatgpt",
    responsesUrl: `${base}/codex/responses`,
    modelsUrl: `${base}/codex/models?client_version=${codexProtocolVersion}`,
    // A base that is not ChatGPT's own has its usage elsewhere (protocol.md, section 10, "Usage").
    usageUrl: base.endsWith("/backend-api") ? `${base}/wham/usage` : `${base}/api/codex/usage`,
    headers(credential, request) {
      const headers = commonHeaders(credential, client);
      if (credential.accountId) headers["ChatGPT-Account-ID"] = credential.accountId;
      if (credential.fedramp) headers["X-OpenAI-Fedramp"] = "true";
      if (request) {
        headers["session-id"] = request.sessionId;
        headers["thread-id"] = request.sessionId;
        headers["x-client-request-id"] = request.sessionId;
        if (request.responsesLite) headers["x-openai-internal-codex-responses-lite"] = "true";
      }
      return headers;
    },
  };
}

/**
 * The OpenAI Platform, billed to an API key.
 * @param baseUrl setting `apiBaseUrl`, e.g. `https://api.openai.com/v1`
 */
export function platformBackend(baseUrl: string, client: ClientIdentity): Backend {
  const base = withoutSlash(baseUrl);
  return {
    kind: "platform",
    credentialKind: "apiKey",
    responsesUrl: `${base}/responses`,
    modelsUrl: `${base}/models`,
    usageUrl: undefined,
    headers: (credential) => commonHeaders(credential, client),
  };
}

function commonHeaders(credential: Credential, client: ClientIdentity): Record<string, string> {
  return { Authorization: `Bearer ${credential.bearer}`, originator, "User-Agent": userAgent(client) };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
