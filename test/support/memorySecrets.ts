import type { SecretStorage } from "../../src/account/secretStorage.ts";
import { Emitter } from "../../src/platform/emitter.ts";

/** How one call misbehaves. */
export type Misbehaviour =
  /** A get finds nothing. */
  | "nothing"
  /** A get returns the value before the last change. */
  | "older"
  /** The call rejects. */
  | "rejects"
  /** A store or delete resolves without an effect. */
  | "lost"
  /** A store rejects although it has taken effect. */
  | "landed"
  /** The call waits for `answerNow()`, and a store or delete takes effect only then. */
  | "hangs";

export interface MemorySecretsOptions {
  /** For tests of something else: no call misbehaves, and every change has one event, at once. */
  reliable?: boolean;
}

/**
 * VS Code's SecretStorage in memory; several windows can share one. It misbehaves as keyrings do (microsoft/vscode#184490
 * and others), always in the same way, and that must do no harm: the first read of a secret after each change finds
 * nothing, the first of two tries to delete one rejects, and each change has two events, one of them late.
 */
export class MemorySecrets implements SecretStorage {
  readonly values = new Map<string, string>();
  readonly #changed = new Emitter<{ key: string }>((error) => {
    throw error;
  });
  readonly onDidChange = this.#changed.event;
  readonly #isReliable: boolean;
  /** Secrets whose next read finds nothing. */
  readonly #unsettled = new Set<string>();
  /** Secrets that one delete has failed for. */
  readonly #refused = new Set<string>();
  readonly #before = new Map<string, string | undefined>();
  readonly #scripts = new Map<string, Misbehaviour[]>();
  readonly #hanging: (() => void)[] = [];
  reads = 0;
  writes = 0;
  /** Makes the next stores fail, as a locked keyring does. */
  failingStores = 0;
  /** How long each call takes, ms. */
  latencyMs = 0;
  /** How much longer a store takes, ms. */
  storeLatencyMs = 0;

  constructor({ reliable = false }: MemorySecretsOptions = {}) {
    this.#isReliable = reliable;
  }

  /** Makes the next calls misbehave, in this order. @param key `*` for any secret */
  script(call: "get" | "store" | "delete", key: string, ...misbehaviours: Misbehaviour[]): void {
    const name = `${call} ${key}`;
    this.#scripts.set(name, [...(this.#scripts.get(name) ?? []), ...misbehaviours]);
  }

  /** Ends the scripted misbehaviour: from now on, a get returns what is stored. */
  settle(): void {
    this.#scripts.clear();
    this.#unsettled.clear();
  }

  /** How many calls hang. */
  get hanging(): number {
    return this.#hanging.length;
  }

  /** Lets the hanging calls continue. */
  answerNow(): void {
    for (const goOn of this.#hanging.splice(0)) goOn();
  }

  async get(key: string): Promise<string | undefined> {
    this.reads += 1;
    const misbehaviour = this.#next("get", key);
    await this.#wait();
    if (await this.#isScripted(misbehaviour)) return misbehaviour === "older" ? this.#before.get(key) : undefined;
    if (this.#unsettled.delete(key)) return undefined;
    return this.values.get(key);
  }

  async store(key: string, value: string): Promise<void> {
    this.writes += 1;
    const misbehaviour = this.#next("store", key);
    await this.#wait();
    if (this.storeLatencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.storeLatencyMs));
    await this.#isScripted(misbehaviour);
    if (misbehaviour === "lost") return;
    if (this.failingStores > 0) {
      this.failingStores -= 1;
      throw new Error("the keyring is locked");
    }
    this.#before.set(key, this.values.get(key));
    this.values.set(key, value);
    if (!this.#isReliable) this.#unsettled.add(key);
    this.#tell(key);
    if (misbehaviour === "landed") throw new Error("the keyring is busy");
  }

  async delete(key: string): Promise<void> {
    const misbehaviour = this.#next("delete", key);
    await this.#wait();
    await this.#isScripted(misbehaviour);
    if (misbehaviour === "lost") return;
    if (!this.#isReliable && this.values.has(key) && !this.#refused.delete(key)) {
      this.#refused.add(key);
      throw new Error("the keyring is busy");
    }
    this.#before.set(key, this.values.get(key));
    this.values.delete(key);
    this.#tell(key);
  }

  /** Whether a read is to be answered wrongly. */
  async #isScripted(misbehaviour: Misbehaviour | undefined): Promise<boolean> {
    if (misbehaviour === "rejects") throw new Error("the keyring is locked");
    if (misbehaviour === "hangs") await new Promise<void>((resolve) => this.#hanging.push(resolve));
    return misbehaviour === "nothing" || misbehaviour === "older";
  }

  #next(call: string, key: string): Misbehaviour | undefined {
    return this.#scripts.get(`${call} ${key}`)?.shift() ?? this.#scripts.get(`${call} *`)?.shift();
  }

  #tell(key: string): void {
    this.#changed.fire({ key });
    if (!this.#isReliable) setImmediate(() => this.#changed.fire({ key }));
  }

  async #wait(): Promise<void> {
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
  }
}
