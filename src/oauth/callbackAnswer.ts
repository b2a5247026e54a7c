import { timingSafeEqual } from "node:crypto";

/** What the sign-in page answered: a code, an error, or neither of them. */
export type CallbackAnswer =
  | { code: string }
  /** `entitlement`: the account lacks what this client needs. */
  | { error: string; entitlement: boolean }
  | { missing: "code" };

/** ChatGPT may append this to the state, and nothing else. */
const stateSuffix = ".onboarding_entrypoint=life_sciences";

/** Whether the `state` of a redirect, which must be there exactly once, is the one of this attempt. */
export function isOurState(query: URLSearchParams, ours: string): boolean {
  const [state, ...more] = query.getAll("state");
  if (state === undefined || more.length > 0) return false;
  const given = Buffer.from(state.endsWith(stateSuffix) ? state.slice(0, -stateSuffix.length) : state);
  const expected = Buffer.from(ours);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Whether a parameter is there twice, which RFC 6749 section 3.1 forbids: it would be unclear which one counts. */
export function hasDuplicates(query: URLSearchParams): boolean {
  const names = [...query.keys()];
  return new Set(names).size !== names.length;
}

/**
 * The answer in a redirect's query; a parameter without a value counts as left out (RFC 6749 section 3.1). To be trusted
 * only when `isOurState`.
 */
export function answerOf(query: URLSearchParams): CallbackAnswer {
  const error = query.get("error");
  if (error) {
    const description = query.get("error_description") ?? "";
    return { error, entitlement: error === "access_denied" && description.includes("missing_codex_entitlement") };
  }
  const code = query.get("code");
  return code ? { code } : { missing: "code" };
}
