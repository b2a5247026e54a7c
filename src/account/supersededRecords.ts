import { isDeepStrictEqual } from "node:util";
import type { Credential } from "./credential.ts";
import { compareRecords, isNewer } from "./recordOrder.ts";

/** How many records of one account are remembered. */
const limit = 20;

/** Remembers an account's earlier records, so that an older answer of a keyring is recognized. */
export class SupersededRecords {
  readonly #records = new Map<string, Credential[]>();

  /** To be called when `next` replaces `before`, or nothing does. */
  note(before: Credential, next?: Credential): void {
    const others = (this.#records.get(before.id) ?? []).filter(
      (record) => !isDeepStrictEqual(record, before) && !isDeepStrictEqual(record, next),
    );
    this.#records.set(before.id, (isDeepStrictEqual(before, next) ? others : [...others, before]).slice(-limit));
  }

  /** The records of an account that others have replaced, oldest first. */
  of(id: string): readonly Credential[] {
    return this.#records.get(id) ?? [];
  }

  /** The newest record of the same sign-in: this one or one that is remembered. */
  newestOf(credential: Credential): Credential {
    const records = (this.#records.get(credential.id) ?? []).filter(
      ({ signedInAt }) => signedInAt === credential.signedInAt,
    );
    return records.reduce((newest, record) => (isNewer(record, newest) ? record : newest), credential);
  }

  /** Whether `read` is older than what is known of the same account. */
  isOlder(read: Credential, known: Credential): boolean {
    const order = compareRecords(read, known);
    if (order !== 0) return order < 0;
    return this.#records.get(read.id)?.some((record) => isDeepStrictEqual(record, read)) === true;
  }
}
