import type { BearerCredential } from "../account/credentialSource.ts";
import { isProblem } from "../shared/problem.ts";
import type { Credentials } from "./backend.ts";
import { Refusal } from "./failures.ts";

/**
 * Sends something with a credential. When the service refuses the credential, it is replaced once and the call is sent
 * again.
 * @param credential what to begin with: `credentials.get(…)`, or what that resolved with
 * @param send returns a refusal instead of throwing it
 * @throws Problem when there is no credential, when no other one helps, and whatever `send` throws
 */
export async function authorizedCall<T>(
  credentials: Credentials,
  credential: BearerCredential | Promise<BearerCredential>,
  send: (credential: BearerCredential) => Promise<T | Refusal>,
): Promise<T> {
  const first = await credential;
  const answer = await send(first);
  if (!(answer instanceof Refusal)) return answer;
  const second = await send(await replacement(credentials, first, answer));
  if (second instanceof Refusal) throw second.problem;
  return second;
}

async function replacement(
  credentials: Credentials,
  refused: BearerCredential,
  refusal: Refusal,
): Promise<BearerCredential> {
  try {
    return await credentials.rejected(refused);
  } catch (error) {
    // No other credential to try, and it is doubtful that the service refused this one.
    if (refusal.isDoubtful && isProblem(error, "keyRejected", "notYetAccepted")) throw refusal.problem;
    throw error;
  }
}
