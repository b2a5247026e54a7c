import { withinAwake } from "../platform/timeLimit.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import {
  type AccountIndex,
  generationOf,
  type IndexStatus,
  isBehind,
  mergeIndexes,
  parseIndex,
} from "./accountIndex.ts";
import { type Credential, parseCredential, type StoredCredential, serializeCredential } from "./credential.ts";
import { type LimitedSecrets, limitSecrets, type SecretLimits } from "./limitSecrets.ts";
import { compareRecords } from "./recordOrder.ts";
import { deleteSecret, readSecret, type SecretStorage } from "./secretStorage.ts";
import { ensureStored } from "./storedCheck.ts";

const indexKey = "accounts";
const indexCopyKey = "accounts.copy";
const credentialKey = (id: string) => `credential.${id}`;
const setAsideKey = (key: string) => `setAside.${key}`;

/** How long the copy of an index is waited for, ms: other windows may be waiting for their turn. */
const copyMs = 5_000;

interface ReadIndex {
  readonly index: AccountIndex | undefined;
  /** The outcome of reading the index itself; `failed` where only the copy is read. */
  readonly status: IndexStatus | "failed";
  /** Whether the copy says something that the index does not: that could not be read when it was written. */
  readonly isCopyAhead: boolean;
}

/**
 * The accounts' records in VS Code's SecretStorage: one secret for each account, and an index of them, kept twice. A
 * record is written before the index names it, and removed from the index before it is deleted. An unreadable text is
 * kept aside before it is replaced.
 */
export class SecretStore {
  readonly #secrets: LimitedSecrets;
  /** Stored texts that cannot be read as a record, by their keys. */
  readonly #unreadable = new Map<string, string>();
  /** The texts of records as they were read or written last, by their keys. */
  readonly #texts = new Map<string, string>();

  constructor(secrets: SecretStorage, limits?: SecretLimits) {
    this.#secrets = limitSecrets(secrets, limits);
  }

  /** Fires with any change of a record or the index, in this window or, where VS Code says so, in another. */
  onDidChange(listener: () => void) {
    return this.#secrets.onDidChange(({ key }) => {
      if (key === indexKey || key === indexCopyKey || key.startsWith("credential.")) listener();
    });
  }

  /**
   * The index merged with its copy.
   * @throws Problem `keyringFailed`, `keyringSilent`
   */
  async readIndex(): Promise<ReadIndex> {
    const [text, copyText] = await Promise.allSettled([
      readSecret(this.#secrets, indexKey),
      readSecret(this.#secrets, indexCopyKey),
    ]);
    const { index: copy, status: copyStatus } = parseIndex(
      copyText.status === "fulfilled" ? copyText.value : undefined,
    );
    if (copyText.status === "fulfilled") this.#note(indexCopyKey, copyText.value, copyStatus);
    if (text.status === "rejected") {
      if (!copy) throw text.reason;
      return { index: copy, status: "failed", isCopyAhead: false };
    }
    const { index, status } = parseIndex(text.value);
    this.#note(indexKey, text.value, status);
    const isCopyAhead = index !== undefined && copy !== undefined && isBehind(index, copy);
    return { index: index ? mergeIndexes(index, copy) : copy, status, isCopyAhead };
  }

  /** The accounts of all stored records, also of those kept aside; none where the host does not tell. Never rejects. */
  async recordIds(): Promise<string[]> {
    const keys = await this.#secrets.keys().catch(() => []);
    return [...new Set(keys.flatMap((key) => /^(?:setAside\.)?credential\.([0-9a-f]{16})$/.exec(key)?.[1] ?? []))];
  }

  /** @throws Problem `keyringFailed`, `keyringSilent` */
  async readCredential(id: string): Promise<StoredCredential> {
    const key = credentialKey(id);
    const text = await readSecret(this.#secrets, key);
    const parsed = parseCredential(text);
    const isOthers = parsed.status === "found" && parsed.credential.id !== id;
    const stored: StoredCredential = isOthers ? { status: "corrupt" } : parsed;
    this.#note(key, text, stored.status);
    if (stored.status === "found" && text !== undefined) this.#texts.set(key, text);
    return stored;
  }

  /**
   * Writes an account's record, and again where that had no effect.
   * @throws Problem `saveFailed`, `keyringSilent`, `staleWindow`
   */
  async writeCredential(credential: Credential): Promise<void> {
    const key = credentialKey(credential.id);
    const value = serializeCredential(credential);
    const before = this.#texts.get(key);
    await this.#write(key, value);
    this.#texts.set(key, value);
    await ensureStored(this.#secrets, {
      ...{ key, value },
      isOlder: (text) => text === before || !isAsNew(text, credential),
    });
  }

  /** Whether a write of an account's record is under way, or was given up and may still be carried out. */
  isWriting(id: string): boolean {
    return this.#secrets.isWriting(credentialKey(id));
  }

  /** Whether this very record is stored. Never rejects. */
  async isStored(credential: Credential): Promise<boolean> {
    const text = await readSecret(this.#secrets, credentialKey(credential.id)).catch(() => undefined);
    return text === serializeCredential(credential);
  }

  /**
   * Whether all that an index says is stored; also when that cannot be found out.
   * @param options as for `writeIndex`
   */
  async isIndexStored(index: AccountIndex, { copyOnly = false } = {}): Promise<boolean> {
    try {
      const { index: read } = parseIndex(await readSecret(this.#secrets, copyOnly ? indexCopyKey : indexKey));
      return read !== undefined && !isBehind(read, index);
    } catch {
      return true;
    }
  }

  /** Restores the unreadable record of an account that was kept aside, if there is one. */
  async restoreSetAside(id: string): Promise<void> {
    const key = credentialKey(id);
    const text = this.#unreadable.get(key) ?? (await readSecret(this.#secrets, setAsideKey(key)));
    if (text !== undefined) await this.#secrets.store(key, text);
  }

  /**
   * @param options `copyOnly` writes the copy alone: an index that cannot be read just now may name other accounts
   * @throws Problem `saveFailed`, `keyringSilent`, `staleWindow`
   */
  async writeIndex(index: AccountIndex, { copyOnly = false } = {}): Promise<void> {
    const text = JSON.stringify(index);
    if (copyOnly) return this.#write(indexCopyKey, text);
    await this.#write(indexKey, text);
    // After a first sign-in there is nothing yet that a second window could lose.
    if (generationOf(index) <= 1 && index.ids.length <= 1) return;
    // The index is written; the copy only protects it from a keyring that forgets, and is not waited for for long.
    const copied = this.#write(indexCopyKey, text);
    await withinAwake(copyMs, copied, () => new Problem("keyringSilent")).catch(() => {});
  }

  /** Deletes an account's record, and one that was kept aside for it. */
  async deleteCredential(id: string): Promise<void> {
    const key = credentialKey(id);
    const keys = [key, setAsideKey(key)];
    const deleted = await Promise.allSettled(keys.map((name) => deleteSecret(this.#secrets, name)));
    for (const one of deleted) if (one.status === "rejected") throw one.reason;
    this.#unreadable.delete(key);
  }

  /** A missing secret says nothing about an unreadable text that was read before. */
  #note(key: string, text: string | undefined, status: "found" | "none" | IndexStatus): void {
    if (status === "found") this.#unreadable.delete(key);
    else if (text !== undefined) this.#unreadable.set(key, text);
  }

  async #write(key: string, value: string): Promise<void> {
    const unreadable = this.#unreadable.get(key);
    try {
      if (unreadable !== undefined) await this.#secrets.store(setAsideKey(key), unreadable);
      await this.#secrets.store(key, value);
    } catch (error) {
      throw isProblem(error) ? error : new Problem("saveFailed");
    }
    this.#unreadable.delete(key);
  }
}

/** Whether a stored text is a record that is no older than this one, or one that this version cannot read. */
function isAsNew(text: string, credential: Credential): boolean {
  const stored = parseCredential(text);
  if (stored.status !== "found") return stored.status === "newer";
  return stored.credential.id === credential.id && compareRecords(stored.credential, credential) >= 0;
}
