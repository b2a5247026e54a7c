import type { Adapter, AdapterPayload } from "oidc-provider";

/**
 * Where oidc-provider keeps its models. Its own in-memory adapter forgets all but about 1,000 entries, which would hide
 * the reuse of an older refresh token.
 */
export class MemoryStore {
  readonly #models = new Map<string, Map<string, AdapterPayload>>();

  model(name: string): Map<string, AdapterPayload> {
    let entries = this.#models.get(name);
    if (entries === undefined) {
      entries = new Map();
      this.#models.set(name, entries);
    }
    return entries;
  }

  adapter(name: string): Adapter {
    const entries = this.model(name);
    const findBy = (matches: (payload: AdapterPayload) => boolean) => [...entries.values()].find(matches);
    return {
      upsert: async (id, payload) => void entries.set(id, payload),
      find: async (id) => entries.get(id),
      findByUid: async (uid) => findBy((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => findBy((payload) => payload.userCode === userCode),
      consume: async (id) => {
        const payload = entries.get(id);
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => void entries.delete(id),
      revokeByGrantId: async (grantId) => this.#drop(entries, grantId),
    };
  }

  /** Ends a grant and everything issued under it. */
  revokeGrant(grantId: string): void {
    this.model("Grant").delete(grantId);
    for (const entries of this.#models.values()) this.#drop(entries, grantId);
  }

  #drop(entries: Map<string, AdapterPayload>, grantId: string): void {
    for (const [id, payload] of entries) if (payload.grantId === grantId) entries.delete(id);
  }
}
