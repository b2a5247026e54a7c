import * as z from "zod/mini";
import { errorCode, failureOf, isErrorBody, isPassing, isServiceError } from "../oauth/oauthError.ts";
import type { HttpClient } from "../platform/httpClient.ts";
import { Problem } from "../shared/problem.ts";
import { credentialRefusals } from "./failures.ts";

const listSchema = z.object({ data: z.array(z.unknown()) });

/**
 * Asks the API whether it accepts a key, at no cost, by listing the models.
 * @throws Problem `keyRejected` when it does not; any other when that could not be found out
 */
export async function checkApiKey(
  http: HttpClient,
  apiBaseUrl: string,
  key: string,
  signal?: AbortSignal,
): Promise<void> {
  const response = await http.send({
    method: "GET",
    url: `${apiBaseUrl}/models`,
    headers: { Authorization: `Bearer ${key}` },
    timeoutMs: 15_000,
    ...(signal && { signal }),
  });
  const error = errorCode(response.json);
  // What a gateway or a portal answers with 401 says nothing about the key, nor does a temporary failure of the service.
  const isRefused =
    (isServiceError(response.json) && !isPassing(error)) || (error !== undefined && credentialRefusals.has(error));
  if (response.status === 401 && isRefused) throw new Problem("keyRejected");
  if (response.status === 200) {
    if (error === "invalid_api_key") throw new Problem("keyRejected", "200");
    // A portal answers 200 to everything, so only a list of models is a yes.
    if (!isErrorBody(response.json) && listSchema.safeParse(response.json).success) return;
  }
  throw failureOf(response, "serviceFailed");
}
