import * as z from "zod/mini";
import { parseJson } from "../platform/json.ts";
import type { Credential } from "./credential.ts";

const indexSchema = z.object({
  version: z.literal(1),
  /** In the order in which they were added. */
  ids: z.array(z.string()),
  active: z.optional(z.string()),
  /** Counts the changes, so that an older value is recognized. An index of the first builds has none. */
  generation: z.optional(z.number()),
  /** Sign-ins that have ended, newest last. An account that is neither listed nor here was not signed out. */
  removed: z.optional(z.array(z.object({ id: z.string(), signedInAt: z.number() }))),
});
/** Names the accounts that are stored. */
export type AccountIndex = z.infer<typeof indexSchema>;

export const noAccounts: AccountIndex = { version: 1, ids: [] };

/** No window misses more sign-outs than this at once. */
const removedLimit = 50;

/** The outcome of reading the index. */
export type IndexStatus = "found" | "missing" | "corrupt" | "newer";

/** Reads a stored index, whatever is in it. */
export function parseIndex(text: string | undefined): { index: AccountIndex | undefined; status: IndexStatus } {
  if (text === undefined) return { index: undefined, status: "missing" };
  const value = parseJson(text);
  const parsed = indexSchema.safeParse(value);
  if (parsed.success) return { index: parsed.data, status: "found" };
  const version = (value as { version?: unknown } | null)?.version;
  return { index: undefined, status: typeof version === "number" && version > 1 ? "newer" : "corrupt" };
}

export function generationOf(index: AccountIndex): number {
  return index.generation ?? 0;
}

/**
 * What is known after `read` has been read. An account is dropped only because of something that was written: that its
 * sign-in has ended or, in an index without a generation, an empty list.
 */
export function mergeIndexes(known: AccountIndex, read: AccountIndex | undefined): AccountIndex {
  if (!read) return known;
  if (read.ids.length === 0 && read.generation === undefined && known.generation === undefined) return read;
  const isNewer = generationOf(read) >= generationOf(known);
  const [newer, older] = isNewer ? [read, known] : [known, read];
  const removed = mergeRemoved(older, newer);
  return { ...newer, ids: [...newer.ids, ...lostBetween(older, newer)], ...(removed.length > 0 && { removed }) };
}

/** Known accounts that are missing in a newer index, because the window that wrote it had read an older one. */
export function droppedBy(read: AccountIndex, known: AccountIndex): string[] {
  const isLater = read.generation !== undefined && read.generation >= generationOf(known);
  return isLater ? lostBetween(known, read) : [];
}

/** Accounts that the newer index does not name although their sign-ins have not ended. */
function lostBetween(older: AccountIndex, newer: AccountIndex): string[] {
  // An end that the older index knew of belongs to an earlier sign-in of an account that it names.
  return older.ids.filter((id) => !newer.ids.includes(id) && endedAt(newer, id) <= endedAt(older, id));
}

function mergeRemoved(older: AccountIndex, newer: AccountIndex): NonNullable<AccountIndex["removed"]> {
  const latest = new Map<string, number>();
  for (const { id, signedInAt } of [...(older.removed ?? []), ...(newer.removed ?? [])]) {
    const before = latest.get(id) ?? Number.NEGATIVE_INFINITY;
    latest.delete(id);
    latest.set(id, Math.max(before, signedInAt));
  }
  return [...latest].map(([id, signedInAt]) => ({ id, signedInAt })).slice(-removedLimit);
}

/** When the latest sign-in of an account began that has ended; minus infinity if there is none. */
export function endedAt(index: AccountIndex, id: string): number {
  return index.removed?.find((ended) => ended.id === id)?.signedInAt ?? Number.NEGATIVE_INFINITY;
}

/** Whether the index says that the sign-in of a record has ended. */
export function hasEnded(index: AccountIndex, { id, signedInAt }: Pick<Credential, "id" | "signedInAt">): boolean {
  return signedInAt <= endedAt(index, id);
}

/** The index with an account as the active one. */
export function withAccount(index: AccountIndex, id: string): AccountIndex {
  return { ...index, ids: index.ids.includes(id) ? index.ids : [...index.ids, id], active: id };
}

/** The index after a sign-out. */
export function withoutAccount(index: AccountIndex, { id, signedInAt }: Pick<Credential, "id" | "signedInAt">) {
  const { active: before, ...rest } = index;
  const ids = index.ids.filter((other) => other !== id);
  const active = before === id ? ids[0] : before;
  const removed = mergeRemoved(index, { version: 1, ids: [], removed: [{ id, signedInAt }] });
  return { ...rest, ids, removed, ...(active !== undefined && { active }) };
}
