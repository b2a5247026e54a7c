import { RefreshRejected, TokenEndpoint } from "../../../src/oauth/tokenEndpoint.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { ScriptedHttp } from "../signin/scriptedHttp.ts";

/** Keys of every object, and a few more that are no codes of the issuer. */
export const strangeNames = [
  ...Object.getOwnPropertyNames(Object.prototype),
  "prototype",
  "length",
  "REFRESH-TOKEN-EXPIRED",
];
export const openAiError = (code: unknown, message: unknown = "No.") => ({
  error: { message, type: "invalid_request_error", param: null, code },
});

/** The result of a refresh with this answer: tokens, the reason for a rejection, or the code of a problem. */
export async function refreshed(status: number, json: unknown) {
  const endpoint = new TokenEndpoint(new ScriptedHttp([{ status, json }]), "https://issuer.test");
  try {
    return (await endpoint.refresh("rt.1")).tokens;
  } catch (error) {
    if (error instanceof RefreshRejected) return { rejected: error.reason };
    if (isProblem(error)) return error.code;
    throw error;
  }
}
