import type { SecretStorage } from "../../src/account/secretStore.ts";
import { Emitter } from "../../src/platform/emitter.ts";

/** VS Code's SecretStorage in memory; several windows can share one. */
export class MemorySecrets implements SecretStorage {
  readonly values = new Map<string, string>();
  readonly #changed = new Emitter<{ key: string }>((error) => {
    throw error;
  });
  readonly onDidChange = this.#changed.event;
  reads = 0;
  writes = 0;
  /** Makes the next stores fail, as a locked keyring does. */
  failingStores = 0;
  /** How long each call takes, ms. */
  latencyMs = 0;
  /** How much longer a store takes, ms. */
  storeLatencyMs = 0;

  async get(key: string): Promise<string | undefined> {
    this.reads += 1;
    await this.#wait();
    return this.values.get(key);
  }

  async store(key: string, value: string): Promise<void> {
    this.writes += 1;
    await this.#wait();
    if (this.storeLatencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.storeLatencyMs));
    if (this.failingStores > 0) {
      this.failingStores -= 1;
      throw new Error("the keyring is locked");
    }
    this.values.set(key, value);
    this.#changed.fire({ key });
  }

  async delete(key: string): Promise<void> {
    await this.#wait();
    this.values.delete(key);
    this.#changed.fire({ key });
  }

  async #wait(): Promise<void> {
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
  }
}
