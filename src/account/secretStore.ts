import * as z from "zod/mini";
import type { Event } from "../platform/emitter.ts";
import { isProblem, Problem } from "../platform/problem.ts";
import { type Credential, parseCredential, type StoredCredential, serializeCredential } from "./credential.ts";

/** The part of `vscode.SecretStorage` that is used. */
export interface SecretStorage {
  get(key: string): PromiseLike<string | undefined>;
  store(key: string, value: string): PromiseLike<void>;
  delete(key: string): PromiseLike<void>;
  onDidChange: Event<{ key: string }>;
}

const indexKey = "accounts";
const credentialKey = (id: string) => `credential.${id}`;
const setAsideKey = (key: string) => `setAside.${key}`;

const indexSchema = z.object({
  version: z.literal(1),
  /** In the order in which they were added. */
  ids: z.array(z.string()),
  active: z.optional(z.string()),
});
export type AccountIndex = z.infer<typeof indexSchema>;

const noAccounts: AccountIndex = { version: 1, ids: [] };

/** What became of reading the index. */
export type IndexStatus = "found" | "corrupt" | "newer";

/**
 * The accounts' records in VS Code's SecretStorage: one secret for each account, and an index of them. A record is
 * written before the index names it, and leaves the index before it is deleted.
 */
export class SecretStore {
  readonly #secrets: SecretStorage;

  constructor(secrets: SecretStorage) {
    this.#secrets = secrets;
  }

  /** Fires with any change of a record or the index, in this window or (where the host tells) in another. */
  onDidChange(listener: () => void) {
    return this.#secrets.onDidChange(({ key }) => {
      if (key === indexKey || key.startsWith("credential.")) listener();
    });
  }

  async readIndex(): Promise<{ index: AccountIndex; status: IndexStatus }> {
    const text = await this.#secrets.get(indexKey);
    if (text === undefined) return { index: noAccounts, status: "found" };
    const value = parseJson(text);
    const parsed = indexSchema.safeParse(value);
    if (parsed.success) return { index: parsed.data, status: "found" };
    const version = (value as { version?: unknown } | null | undefined)?.version;
    return { index: noAccounts, status: typeof version === "number" && version > 1 ? "newer" : "corrupt" };
  }

  async readCredential(id: string): Promise<StoredCredential> {
    return parseCredential(await this.#secrets.get(credentialKey(id)));
  }

  /**
   * Writes an account's record. One in its place that cannot be read is kept beside it.
   * @throws Problem `saveFailed`
   */
  async writeCredential(credential: Credential, replacing: StoredCredential["status"] = "found"): Promise<void> {
    const key = credentialKey(credential.id);
    const text = serializeCredential(credential);
    if (replacing === "corrupt" || replacing === "newer") await this.#setAside(key);
    await this.#store(key, text);
  }

  /** @throws Problem `saveFailed` */
  async writeIndex(index: AccountIndex, replacing: IndexStatus = "found"): Promise<void> {
    if (replacing !== "found") await this.#setAside(indexKey);
    await this.#store(indexKey, JSON.stringify(index));
  }

  /** Deletes an account's record, and one that was kept aside for it. */
  async deleteCredential(id: string): Promise<void> {
    const key = credentialKey(id);
    await this.#secrets.delete(key);
    if ((await this.#secrets.get(setAsideKey(key))) !== undefined) await this.#secrets.delete(setAsideKey(key));
  }

  async #setAside(key: string): Promise<void> {
    const text = await this.#secrets.get(key);
    if (text !== undefined) await this.#store(setAsideKey(key), text);
  }

  async #store(key: string, value: string): Promise<void> {
    try {
      await this.#secrets.store(key, value);
    } catch (error) {
      throw isProblem(error) ? error : new Problem("saveFailed");
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
