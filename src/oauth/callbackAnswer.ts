import { timingSafeEqual } from "node:crypto";

/** What the sign-in page answered: a code, an error, or neither of them. */
export type CallbackAnswer =
  | { code: string }
  /** `entitlement`: the account lacks what this client needs. */
  | { error: string; entitlement: boolean }
  | { missing: "code" };

/** What a redirect must bring to count for an attempt. */
export interface ExpectedCallback {
  /** The attempt's own. */
  readonly state: string;
  /** The issuer that was asked; its identifier (RFC 8414 section 2). */
  readonly issuer: string;
}

/**
 * Why a redirect does not count: it belongs to another attempt, says something twice, or comes from another issuer. None
 * of these ends an attempt, because any page can send a browser to a loopback address.
 */
export type CallbackRefusal = "otherState" | "duplicates" | "otherIssuer";

/** ChatGPT may append this to the state, and nothing else. */
const stateSuffix = ".onboarding_entrypoint=life_sciences";

/** Reads the query of a redirect. Nothing of one that is refused may be used. */
export function readCallback(
  query: URLSearchParams,
  expected: ExpectedCallback,
): { answer: CallbackAnswer } | { refused: CallbackRefusal } {
  if (!isOurState(query, expected.state)) return { refused: "otherState" };
  if (hasDuplicates(query)) return { refused: "duplicates" };
  if (!isOurIssuer(query, expected.issuer)) return { refused: "otherIssuer" };
  return { answer: answerOf(query) };
}

/** Compares in a time that tells nothing about where two texts differ. */
export function isSameSecret(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Whether the `state`, which must be there exactly once, is the one of this attempt. */
export function isOurState(query: URLSearchParams, ours: string): boolean {
  const [state, ...more] = query.getAll("state");
  if (state === undefined || more.length > 0) return false;
  return isSameSecret(state.endsWith(stateSuffix) ? state.slice(0, -stateSuffix.length) : state, ours);
}

/** Whether a parameter is there twice, which RFC 6749 section 3.1 forbids: it would be unclear which one counts. */
function hasDuplicates(query: URLSearchParams): boolean {
  const names = [...query.keys()];
  return new Set(names).size !== names.length;
}

/**
 * Whether the `iss` of a redirect is the issuer, by simple string comparison (RFC 9207 section 2.4). An empty one is not.
 * A redirect without it passes: the issuer does not promise to send it, and without its metadata nobody else could tell.
 */
function isOurIssuer(query: URLSearchParams, issuer: string): boolean {
  const given = query.get("iss");
  return given === null || given === issuer;
}

/** The answer in a redirect's query; a parameter without a value counts as left out (RFC 6749 section 3.1). */
function answerOf(query: URLSearchParams): CallbackAnswer {
  const error = query.get("error");
  if (error) {
    const description = query.get("error_description") ?? "";
    return { error, entitlement: error === "access_denied" && description.includes("missing_codex_entitlement") };
  }
  const code = query.get("code");
  return code ? { code } : { missing: "code" };
}
