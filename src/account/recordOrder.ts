import type { Credential } from "./credential.ts";

/** What tells which of an account's records is newer. */
type RecordAge = Pick<Credential, "signedInAt" | "sequence">;

/**
 * Which of two records of one account is newer: that of the later sign-in, then the one whose tokens were refreshed more
 * often. Positive if it is `one`, 0 for two of the same age.
 */
export function compareRecords(one: RecordAge, other: RecordAge): number {
  return one.signedInAt - other.signedInAt || one.sequence - other.sequence;
}

export function isNewer(one: RecordAge, other: RecordAge): boolean {
  return compareRecords(one, other) > 0;
}
