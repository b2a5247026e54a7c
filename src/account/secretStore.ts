import * as z from "zod/mini";
import type { Event } from "../platform/emitter.ts";
import { Problem } from "../platform/problem.ts";
import { type Credential, parseCredential, type StoredCredential } from "./credential.ts";

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

  async readIndex(): Promise<{ index: AccountIndex; corrupt: boolean }> {
    const text = await this.#secrets.get(indexKey);
    if (text === undefined) return { index: noAccounts, corrupt: false };
    const parsed = indexSchema.safeParse(parseJson(text));
    return parsed.success ? { index: parsed.data, corrupt: false } : { index: noAccounts, corrupt: true };
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
    if (replacing === "corrupt" || replacing === "newer") await this.#setAside(key);
    await this.#store(key, JSON.stringify(credential));
  }

  /** @throws Problem `saveFailed` */
  async writeIndex(index: AccountIndex, replacingCorrupt = false): Promise<void> {
    if (replacingCorrupt) await this.#setAside(indexKey);
    await this.#store(indexKey, JSON.stringify(index));
  }

  async deleteCredential(id: string): Promise<void> {
    await this.#secrets.delete(credentialKey(id));
  }

  async #setAside(key: string): Promise<void> {
    const text = await this.#secrets.get(key);
    if (text !== undefined) await this.#store(setAsideKey(key), text);
  }

  async #store(key: string, value: string): Promise<void> {
    try {
      await this.#secrets.store(key, value);
    } catch {
      throw new Problem("saveFailed");
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
