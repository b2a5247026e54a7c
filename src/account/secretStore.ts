import type { Event } from "../platform/emitter.ts";
import { describeError } from "../platform/logger.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import { type AccountIndex, generationOf, type IndexStatus, mergeIndexes, parseIndex } from "./accountIndex.ts";
import { type Credential, parseCredential, type StoredCredential, serializeCredential } from "./credential.ts";
import { limitSecrets, type SecretLimits } from "./limitSecrets.ts";

/** The part of `vscode.SecretStorage` that is used. */
export interface SecretStorage {
  get(key: string): PromiseLike<string | undefined>;
  store(key: string, value: string): PromiseLike<void>;
  delete(key: string): PromiseLike<void>;
  onDidChange: Event<{ key: string }>;
}

const indexKey = "accounts";
const indexCopyKey = "accounts.copy";
const credentialKey = (id: string) => `credential.${id}`;
const setAsideKey = (key: string) => `setAside.${key}`;

/** How often a secret is looked for that is not there: keyrings answer "nothing" now and then (microsoft/vscode#184490). */
const looks = 3;

/** @throws Problem `keyringFailed`, `keyringSilent` */
export async function readSecret(secrets: SecretStorage, key: string): Promise<string | undefined> {
  for (let look = 0; look < looks; look += 1) {
    const text = await secrets.get(key);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Tries twice. @throws Problem `keyringFailed`, `keyringSilent`, `staleWindow` */
export async function deleteSecret(secrets: SecretStorage, key: string): Promise<void> {
  try {
    await secrets.delete(key);
  } catch (error) {
    if (isProblem(error)) throw error;
    await Promise.resolve(secrets.delete(key)).catch((again: unknown) => {
      throw isProblem(again) ? again : new Problem("keyringFailed", describeError(again));
    });
  }
}

/**
 * The accounts' records in VS Code's SecretStorage: one secret for each account, and an index of them, kept twice. A
 * record is written before the index names it, and leaves the index before it is deleted. What is there and cannot be
 * read is kept aside before something else takes its place.
 */
export class SecretStore {
  readonly #secrets: SecretStorage;
  /** Stored texts that cannot be read as a record, by their keys. */
  readonly #unreadable = new Map<string, string>();

  constructor(secrets: SecretStorage, limits?: SecretLimits) {
    this.#secrets = limitSecrets(secrets, limits);
  }

  /** Fires with any change of a record or the index, in this window or (where the host tells) in another. */
  onDidChange(listener: () => void) {
    return this.#secrets.onDidChange(({ key }) => {
      if (key === indexKey || key === indexCopyKey || key.startsWith("credential.")) listener();
    });
  }

  /**
   * What the index and its copy say together, and what became of reading the index itself.
   * @throws Problem `keyringFailed`, `keyringSilent`
   */
  async readIndex(): Promise<{ index: AccountIndex | undefined; status: IndexStatus }> {
    const [text, copyText] = await Promise.all([
      readSecret(this.#secrets, indexKey),
      readSecret(this.#secrets, indexCopyKey).catch(() => undefined),
    ]);
    const { index, status } = parseIndex(text);
    const { index: copy, status: copyStatus } = parseIndex(copyText);
    this.#note(indexKey, text, status);
    this.#note(indexCopyKey, copyText, copyStatus);
    return { index: index ? mergeIndexes(index, copy) : copy, status };
  }

  /** @throws Problem `keyringFailed`, `keyringSilent` */
  async readCredential(id: string): Promise<StoredCredential> {
    const key = credentialKey(id);
    const text = await readSecret(this.#secrets, key);
    const parsed = parseCredential(text);
    const isOthers = parsed.status === "found" && parsed.credential.id !== id;
    const stored: StoredCredential = isOthers ? { status: "corrupt" } : parsed;
    this.#note(key, text, stored.status);
    return stored;
  }

  /**
   * Writes an account's record.
   * @throws Problem `saveFailed`, `keyringSilent`, `staleWindow`
   */
  async writeCredential(credential: Credential): Promise<void> {
    await this.#write(credentialKey(credential.id), serializeCredential(credential));
  }

  /** Puts an account's record that was kept aside, if one was, back in its place. */
  async putBack(id: string): Promise<void> {
    const key = credentialKey(id);
    const text = this.#unreadable.get(key) ?? (await readSecret(this.#secrets, setAsideKey(key)));
    if (text !== undefined) await this.#secrets.store(key, text);
  }

  /**
   * @param besides writes the copy alone: an index that cannot be read just now may name other accounts
   * @throws Problem `saveFailed`, `keyringSilent`, `staleWindow`
   */
  async writeIndex(index: AccountIndex, { besides = false } = {}): Promise<void> {
    const text = JSON.stringify(index);
    if (besides) return this.#write(indexCopyKey, text);
    await this.#write(indexKey, text);
    // Whoever has signed in for the first time has nothing yet that a second window could overlook.
    if (generationOf(index) <= 1 && index.ids.length <= 1) return;
    // The index stands; without its copy it is only less safe from a keyring that forgets.
    await this.#write(indexCopyKey, text).catch(() => {});
  }

  /** Deletes an account's record, and one that was kept aside for it. */
  async deleteCredential(id: string): Promise<void> {
    const key = credentialKey(id);
    const keys = [key, setAsideKey(key)];
    const deleted = await Promise.allSettled(keys.map((name) => deleteSecret(this.#secrets, name)));
    for (const one of deleted) if (one.status === "rejected") throw one.reason;
    this.#unreadable.delete(key);
  }

  /** A secret that is missing says nothing of what was read in its place before. */
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
