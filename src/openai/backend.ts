import type { BearerCredential, CredentialKind, CredentialSource } from "../account/credentialSource.ts";
import { originator } from "../oauth/issuer.ts";
import { withoutTrailingSlashes } from "../platform/endpoint.ts";
import { assertSendable } from "../platform/headerValue.ts";

/**
 * Where requests get their credential. Both reject with a `Problem` (`notSignedIn`, `needsSignIn`, `noApiKey`, …).
 * `rejected` is called after a 401 and resolves with what to try next.
 */
export type Credentials = Pick<CredentialSource, "get" | "rejected">;

/** What the headers say about a single request. */
export interface RequestTraits {
  /** Connects the requests of one conversation for the service's prompt cache; has nothing about the person in it. */
  readonly sessionId: string;
  /** The body has the form that `use_responses_lite` models want, which a header must say. */
  readonly responsesLite: boolean;
}

/**
 * Called before a credential enters a request's headers, with the base URL that the request is for.
 * @throws Problem `endpointNotAllowed` when the credential may not be sent there, `accountNotAllowed` or
 * `allowedWorkspacesUnusable` when its account may not be used
 */
export type AssertAllowed = (credential: BearerCredential, baseUrl: string) => void;

/** One of the two services that answer chat requests, and what each wants in its headers. */
export interface Backend {
  readonly kind: "chatgpt" | "platform";
  readonly credentialKind: CredentialKind;
  readonly baseUrl: string;
  readonly responsesUrl: string;
  readonly modelsUrl: string;
  /** The plan's usage windows; an API key has none. */
  readonly usageUrl: string | undefined;
  /** @throws Problem `endpointNotAllowed` when the credential may not be sent to this service, `notSendable` when it cannot be */
  headers(credential: BearerCredential, request?: RequestTraits): Record<string, string>;
}

/**
 * The version of the Codex protocol that this code speaks. The catalogue hides models that need a newer client
 * (`minimal_client_version`), so this is a statement about the wire format, not about who we are.
 */
export const codexProtocolVersion = "0.150.0";

/**
 * The ChatGPT service, paid by the person's plan.
 * @param baseUrl setting `chatgptBaseUrl`, e.g. `https://chatgpt.com/backend-api`
 * @param userAgent our own name and version: third parties tell who they are
 */
export function chatgptBackend(baseUrl: string, userAgent: string, assertAllowed: AssertAllowed): Backend {
  const base = withoutTrailingSlashes(baseUrl);
  return {
    kind: "chatgpt",
    credentialKind: "chatgpt",
    baseUrl: base,
    responsesUrl: `${base}/codex/responses`,
    modelsUrl: `${base}/codex/models?client_version=${codexProtocolVersion}`,
    // As the Codex CLI does: a base that is not ChatGPT's own has its usage elsewhere.
    usageUrl: base.endsWith("/backend-api") ? `${base}/wham/usage` : `${base}/api/codex/usage`,
    headers(credential, request) {
      assertAllowed(credential, base);
      const headers = commonHeaders(credential, userAgent);
      if (credential.workspaceId) headers["ChatGPT-Account-ID"] = credential.workspaceId;
      if (credential.fedramp) headers["X-OpenAI-Fedramp"] = "true";
      if (request) {
        headers["session-id"] = request.sessionId;
        headers["thread-id"] = request.sessionId;
        headers["x-client-request-id"] = request.sessionId;
        if (request.responsesLite) headers["x-openai-internal-codex-responses-lite"] = "true";
      }
      assertSendable(headers);
      return headers;
    },
  };
}

/**
 * The OpenAI Platform, billed to an API key.
 * @param baseUrl setting `apiBaseUrl`, e.g. `https://api.openai.com/v1`
 */
export function platformBackend(baseUrl: string, userAgent: string, assertAllowed: AssertAllowed): Backend {
  const base = withoutTrailingSlashes(baseUrl);
  return {
    kind: "platform",
    credentialKind: "apiKey",
    baseUrl: base,
    responsesUrl: `${base}/responses`,
    modelsUrl: `${base}/models`,
    usageUrl: undefined,
    headers(credential) {
      assertAllowed(credential, base);
      const headers = commonHeaders(credential, userAgent);
      assertSendable(headers);
      return headers;
    },
  };
}

function commonHeaders(credential: BearerCredential, userAgent: string): Record<string, string> {
  return { Authorization: `Bearer ${credential.bearer}`, originator, "User-Agent": userAgent };
}
