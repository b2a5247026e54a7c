import { asRecord } from "../platform/untrusted.ts";

/** A stored record of any version, before its schema has been checked. */
type StoredRecord = Readonly<Record<string, unknown>>;

/** By version: what makes a record of the next version out of one of this version. */
export type Migrations = ReadonlyMap<number, (record: StoredRecord) => StoredRecord>;

const migrations: Migrations = new Map([[1, fromVersion1]]);

/**
 * Brings a stored record to the newest version, step by step. What cannot belong to a record is left in it, so that its
 * schema refuses it and the record is kept aside as unreadable.
 */
export function migrateCredential(record: StoredRecord, steps: Migrations = migrations): StoredRecord {
  const { version } = record;
  const step = typeof version === "number" ? steps.get(version) : undefined;
  return step && typeof version === "number"
    ? migrateCredential({ ...step(record), version: version + 1 }, steps)
    : record;
}

/** Version 1 had this text as the refresh token of a linked record, which has none. */
const noRefreshToken = "kept by the Codex CLI";

function fromVersion1({ handOver, link, tokens, ...record }: StoredRecord): StoredRecord {
  const [tokenRecord, linkRecord] = [asRecord(tokens), asRecord(link)];
  return {
    ...record,
    tokens: tokenRecord ? withoutPlaceholder(tokenRecord) : tokens,
    ...(link !== undefined && { link: linkRecord ? withNewName(linkRecord) : link }),
    ...(handOver !== undefined && { handOff: handOver }),
  };
}

function withoutPlaceholder({ refreshToken, ...tokens }: StoredRecord): StoredRecord {
  return refreshToken === noRefreshToken ? tokens : { ...tokens, refreshToken };
}

function withNewName({ renewHere, ...link }: StoredRecord): StoredRecord {
  return { ...link, refreshHere: renewHere };
}
