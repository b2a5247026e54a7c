import * as z from "zod/mini";
import { parseJson } from "../platform/json.ts";
import type { Credential } from "./credential.ts";

const indexSchema = z.object({
  version: z.literal(1),
  /** The accounts that are signed in, in the order in which they were added. Earlier builds know no other list. */
  ids: z.array(z.string()),
  active: z.optional(z.string()),
  /** Counts the changes, so that an older value is recognized. An index of the first builds has none. */
  generation: z.optional(z.number()),
  /** When the latest sign-in of each account began that has not ended. Earlier builds leave it out. */
  signedIn: z.optional(z.array(z.object({ id: z.string(), signedInAt: z.number() }))),
  /** The latest sign-in of each account that has ended, newest last. */
  removed: z.optional(
    z.array(
      z.object({
        id: z.string(),
        signedInAt: z.number(),
        /** Something of it may still be stored here or be valid at the issuer, and is to be ended. */
        left: z.optional(z.literal(true)),
        /** Counts the changes of `left`; none is 0. */
        revision: z.optional(z.number()),
      }),
    ),
  ),
});
/**
 * Names the accounts that are stored. An account is listed exactly when its latest sign-in is later than its latest one
 * that has ended. So two indexes can be merged account by account, in any order, and nothing is lost.
 */
export type AccountIndex = z.infer<typeof indexSchema>;
/** One sign-in of an account. */
export type SignInRef = Pick<Credential, "id" | "signedInAt">;
/** A sign-in that has ended. */
export type SignInEnd = NonNullable<AccountIndex["removed"]>[number];

export const noAccounts: AccountIndex = { version: 1, ids: [] };

/** No window misses more sign-outs than this at once. Those that have left something behind are all kept. */
const removedLimit = 50;

/** The outcome of reading the index. */
export type IndexStatus = "found" | "missing" | "corrupt" | "newer";

/** Reads a stored index, whatever is in it. */
export function parseIndex(text: string | undefined): { index: AccountIndex | undefined; status: IndexStatus } {
  if (text === undefined) return { index: undefined, status: "missing" };
  const value = parseJson(text);
  const parsed = indexSchema.safeParse(value);
  if (parsed.success) return { index: mergeIndexes(parsed.data, parsed.data), status: "found" };
  const version = (value as { version?: unknown } | null)?.version;
  return { index: undefined, status: typeof version === "number" && version > 1 ? "newer" : "corrupt" };
}

export function generationOf(index: AccountIndex): number {
  return index.generation ?? 0;
}

/**
 * What two indexes say together: of each account the latest sign-in, and the latest that has ended. The order in which
 * indexes are merged makes no difference, except to the order of `ids`. The active account is the one of the index with
 * the higher generation; it may have ended according to the other.
 */
export function mergeIndexes(one: AccountIndex, other: AccountIndex | undefined): AccountIndex {
  if (!other) return one;
  const [later, earlier] = isLater(other, one) ? [other, one] : [one, other];
  const generation = later.generation ?? earlier.generation;
  return createIndex({
    order: [...later.ids, ...earlier.ids],
    active: later.active,
    generation,
    signedIn: [...signInsOf(one), ...signInsOf(other)],
    removed: [...(one.removed ?? []), ...(other.removed ?? [])],
  });
}

/** Whether `known` says something that `stored` does not: of a sign-in, of its end, or which account is the active one. */
export function isBehind(stored: AccountIndex, known: AccountIndex): boolean {
  return (
    mergeIndexes(known, stored).active !== stored.active ||
    signInsOf(known).some(({ id, signedInAt }) => signedInAt > latestSignIn(stored, id)) ||
    (known.removed ?? []).some((ended) => isLaterEnd(ended, endOf(stored, ended.id)))
  );
}

/** When the latest sign-in of an account began that has ended; minus infinity if there is none. */
export function endedAt(index: AccountIndex, id: string): number {
  return endOf(index, id)?.signedInAt ?? Number.NEGATIVE_INFINITY;
}

/** When the latest sign-in of an account began, ended or not; minus infinity if there is none. The next must be later. */
export function latestSignIn(index: AccountIndex, id: string): number {
  const signedIn = signInsOf(index).find((one) => one.id === id)?.signedInAt ?? Number.NEGATIVE_INFINITY;
  return Math.max(signedIn, endedAt(index, id));
}

/** Whether the index says that the sign-in of a record has ended. */
export function hasEnded(index: AccountIndex, { id, signedInAt }: SignInRef): boolean {
  return signedInAt <= endedAt(index, id);
}

/** The sign-ins that have ended and may have left something behind. */
export function endedWithLeft(index: AccountIndex): SignInEnd[] {
  return (index.removed ?? []).filter(({ left }) => left);
}

/**
 * The index with an account as the active one.
 * @param signedInAt when the sign-in of its record began; if that has ended, the index stays as it is
 */
export function withAccount(index: AccountIndex, id: string, signedInAt: number): AccountIndex {
  if (hasEnded(index, { id, signedInAt })) return index;
  const signedIn = [...signInsOf(index), { id, signedInAt }];
  return createIndex({ ...partsOf(index), order: [...index.ids, id], active: id, signedIn });
}

/** The index with accounts whose records were found; the active account stays the same. */
export function withFound(index: AccountIndex, found: readonly SignInRef[]): AccountIndex {
  return createIndex({ ...partsOf(index), signedIn: [...signInsOf(index), ...found] });
}

/**
 * The index after the end of a sign-in; a later sign-in of the same account stays.
 * @param options `left` if something of it may still be stored here, or be valid at the issuer
 */
export function withoutAccount(
  index: AccountIndex,
  { id, signedInAt }: SignInRef,
  { left = false }: { left?: boolean } = {},
): AccountIndex {
  const before = endOf(index, id);
  const isLeft = left || (before?.left === true && before.signedInAt < signedInAt);
  const ended = { id, signedInAt, ...(isLeft && { left: true as const }) };
  const changed = createIndex({ ...partsOf(index), removed: [...(index.removed ?? []), ended] });
  const { active, ...rest } = changed;
  const next = active === id && !changed.ids.includes(id) ? changed.ids[0] : active;
  return { ...rest, ...(next !== undefined && { active: next }) };
}

/** The index when nothing is left of an ended sign-in; a later end of the same account stays as it is. */
export function withoutLeft(index: AccountIndex, id: string, signedInAt: number): AccountIndex {
  return changeLeft(index, id, (ended) => ended.signedInAt <= signedInAt && ended.left === true, false);
}

/** The index when something was found of an ended sign-in of this account. */
export function withLeft(index: AccountIndex, id: string): AccountIndex {
  return changeLeft(index, id, (ended) => ended.left !== true, true);
}

/**
 * The index when something is left of an account that may never have been named in it. While somebody is signed in to the
 * account it stays as it is: their sign-out says so.
 * @param isNew that this is so from now on: whoever has just found that nothing was left does not know of it
 */
export function withNewLeft(index: AccountIndex, id: string, isNew: boolean): AccountIndex {
  if (index.ids.includes(id) || (!isNew && endOf(index, id)?.left === true)) return index;
  // Before every sign-in, so that none of them is ended by this.
  const ended = { id, signedInAt: Math.max(endedAt(index, id), -1) };
  return changeLeft(withoutAccount(index, ended, { left: true }), id, () => true, true);
}

function changeLeft(index: AccountIndex, id: string, applies: (ended: SignInEnd) => boolean, left: boolean) {
  const ended = endOf(index, id);
  if (!ended || !applies(ended)) return index;
  const { signedInAt, revision = 0 } = ended;
  const changed: SignInEnd = { id, signedInAt, ...(left && { left: true }), revision: revision + 1 };
  return createIndex({ ...partsOf(index), removed: [...(index.removed ?? []), changed] });
}

interface IndexParts {
  order: readonly string[];
  active: string | undefined;
  generation: number | undefined;
  signedIn: readonly SignInRef[];
  removed: readonly SignInEnd[];
}

function partsOf(index: AccountIndex): IndexParts {
  const { ids, active, generation, removed = [] } = index;
  return { order: ids, active, generation, signedIn: signInsOf(index), removed };
}

/** @param parts may have several entries of an account, of which the latest counts */
function createIndex({ order, active, generation, signedIn, removed }: IndexParts): AccountIndex {
  const ends = new Map<string, SignInEnd>();
  for (const ended of removed) if (isLaterEnd(ended, ends.get(ended.id))) ends.set(ended.id, ended);
  const latest = new Map<string, number>();
  for (const { id, signedInAt } of signedIn) {
    if (signedInAt > Math.max(ends.get(id)?.signedInAt ?? -Infinity, latest.get(id) ?? -Infinity)) {
      latest.set(id, signedInAt);
    }
  }
  const listed = [...latest].map(([id, signedInAt]) => ({ id, signedInAt })).sort(byTime);
  const ids = new Set([...order.filter((id) => latest.has(id)), ...listed.map(({ id }) => id)]);
  const kept = limitEnds([...ends.values()].sort(byTime));
  return {
    version: 1,
    ids: [...ids],
    ...(active !== undefined && { active }),
    ...(generation !== undefined && { generation }),
    ...(listed.length > 0 && { signedIn: listed }),
    ...(kept.length > 0 && { removed: kept }),
  };
}

function limitEnds(ends: SignInEnd[]): SignInEnd[] {
  return ends.filter(({ left }, position) => left || position >= ends.length - removedLimit);
}

/** Sign-ins that have not ended. One of an earlier build, without a time, began after the latest that had ended. */
function signInsOf(index: AccountIndex): SignInRef[] {
  const known = index.signedIn ?? [];
  const unknown = index.ids.filter((id) => !known.some((one) => one.id === id));
  return [...known, ...unknown.map((id) => ({ id, signedInAt: Math.max(endedAt(index, id) + 1, 0) }))];
}

function endOf(index: AccountIndex, id: string): SignInEnd | undefined {
  return index.removed?.find((ended) => ended.id === id);
}

/** Whether an end is later, or of the same sign-in and more is known of what is left. */
function isLaterEnd(one: SignInEnd, other: SignInEnd | undefined): boolean {
  if (!other || one.signedInAt !== other.signedInAt) return !other || one.signedInAt > other.signedInAt;
  const [revision, otherRevision] = [one.revision ?? 0, other.revision ?? 0];
  return revision === otherRevision ? one.left === true && !other.left : revision > otherRevision;
}

/** Whether `one` decides on the active account when both are merged. */
function isLater(one: AccountIndex, other: AccountIndex): boolean {
  const generations = generationOf(one) - generationOf(other);
  if (generations !== 0) return generations > 0;
  const text = ({ active, ids }: AccountIndex) => JSON.stringify([active ?? "", ids]);
  return text(one) > text(other);
}

function byTime(one: SignInRef, other: SignInRef): number {
  return one.signedInAt - other.signedInAt || (one.id < other.id ? -1 : 1);
}
