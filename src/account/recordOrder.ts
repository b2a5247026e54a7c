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

/**
 * The record with a later sign-in time than `before`: it decides which is newer, also after a clock was set back. Two
 * sign-ins of the same moment may get the same time; `isOf` tells them apart.
 */
export function laterThan<C extends RecordAge>(before: number, record: C): C {
  if (record.signedInAt > before) return record;
  return { ...record, signedInAt: Math.floor(before) + 1 };
}

/** Whether two records have tokens of the same login, as when one that was handed off is imported. */
export function isSameLogin({ tokens }: Credential, { tokens: others }: Credential): boolean {
  return tokens.accessToken === others.accessToken || tokens.refreshToken === others.refreshToken;
}

/** Whether a record is that of a sign-in. Two may begin at the same time; refreshed tokens do not tell. */
export function isOf(record: Credential, signIn: Credential): boolean {
  return record.signedInAt === signIn.signedInAt && (record.sequence > signIn.sequence || isSameLogin(record, signIn));
}
