import { type AccountIndex, endedAt, hasEnded } from "./accountIndex.ts";
import type { Credential } from "./credential.ts";
import type { SecretStore } from "./secretStore.ts";

/** What is stored of accounts that an index does not name. */
export interface FoundRecords {
  /** Records of sign-ins that have not ended: the index was damaged, or never written. */
  readonly unnamed: readonly Credential[];
  /** Accounts whose sign-in has ended and of which something is still stored. */
  readonly remains: readonly string[];
}

/** Of how many accounts whose sign-in has ended the records are looked for where the host lists no secrets. */
const maxEnded = 5;

/**
 * Looks through the stored secrets, where the host lists them, and for what the latest sign-outs may have left. Never
 * rejects.
 */
export async function findRecords(store: SecretStore, index: AccountIndex): Promise<FoundRecords> {
  const ended = (index.removed ?? []).slice(-maxEnded).map(({ id }) => id);
  const ids = [...new Set([...(await store.recordIds()), ...ended])].filter((id) => !index.ids.includes(id));
  const found = await Promise.all(
    ids.map(async (id) => ({ id, record: await store.readCredential(id).catch(() => undefined) })),
  );
  const unnamed: Credential[] = [];
  const remains: string[] = [];
  for (const { id, record } of found) {
    const isKnownToEnd = endedAt(index, id) !== Number.NEGATIVE_INFINITY;
    if (record?.status === "found" && !hasEnded(index, record.credential)) unnamed.push(record.credential);
    else if (record && record.status !== "none" && isKnownToEnd) remains.push(id);
  }
  return { unnamed, remains };
}
