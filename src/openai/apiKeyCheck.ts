import { failureOf } from "../oauth/oauthError.ts";
import type { HttpClient } from "../platform/httpClient.ts";
import { Problem } from "../platform/problem.ts";

/**
 * Asks the API whether it accepts a key, at no cost, by listing the models.
 * @throws Problem `keyRejected` when it does not; any other when the API could not say
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
  if (response.status === 200 && response.json !== undefined) return;
  if (response.status === 401 && response.json !== undefined) throw new Problem("keyRejected");
  throw failureOf(response, "serviceFailed");
}
