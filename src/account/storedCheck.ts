import { withinAwake } from "../platform/timeLimit.ts";
import { Problem } from "../shared/problem.ts";
import { readSecret, type SecretStorage } from "./secretStorage.ts";

/** How often a secret is written again whose store had no effect. */
const maxTries = 2;
/** How long all of it may take, ms: somebody may be waiting for the end of a sign-in. */
const limitMs = 3_000;

export interface StoredSecret {
  key: string;
  value: string;
  /** Whether a text that is read in place of the value is what was there before it, and not a later one. */
  isOlder: (text: string) => boolean;
}

/**
 * Reads back what was just stored, and writes it again where it is missing or older. A keyring that does not answer, or
 * answers so again and again, is believed to have stored it. Never rejects.
 */
export async function ensureStored(secrets: SecretStorage, stored: StoredSecret): Promise<void> {
  const state = { isGivenUp: false };
  const late = () => new Problem("keyringSilent");
  await withinAwake(limitMs, check(secrets, stored, state), late).catch(() => {});
  state.isGivenUp = true;
}

async function check(secrets: SecretStorage, { key, value, isOlder }: StoredSecret, state: { isGivenUp: boolean }) {
  for (let tries = 0; tries < maxTries && !state.isGivenUp; tries += 1) {
    const text = await readSecret(secrets, key);
    if (text === value || (text !== undefined && !isOlder(text)) || state.isGivenUp) return;
    await secrets.store(key, value);
  }
}
