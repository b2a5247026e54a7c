import * as z from "zod/mini";
import { Emitter } from "../platform/emitter.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { isProblem, Problem } from "../platform/problem.ts";
import type { SecretStorage } from "./secretStore.ts";

const secretKey = "ownKey";
const setAsideKey = "setAside.ownKey";

const ownKeySchema = z.object({ version: z.literal(1), key: z.string(), checked: z.boolean() });
export type OwnKey = z.infer<typeof ownKeySchema>;

/** Whether a text can be an OpenAI API key: `sk-` or, for session keys, `sess-`. */
export function looksLikeApiKey(text: string): boolean {
  return /^(sk|sess)-[\w-]{8,500}$/.test(text);
}

/** The API key that a person typed: a secret of its own, beside the accounts. */
export class OwnKeyStore {
  readonly #secrets: SecretStorage;
  readonly #log: Logger;
  readonly #changed: Emitter<OwnKey | undefined>;
  #current: OwnKey | undefined;
  /** What is stored in its place and cannot be read, perhaps by a newer version's hand. */
  #unreadable: string | undefined;
  #loading: Promise<void> | undefined;

  constructor(secrets: SecretStorage, log: Logger) {
    this.#secrets = secrets;
    this.#log = log;
    this.#changed = new Emitter((error) => log.error(`A listener of the own key failed: ${describeError(error)}`));
    secrets.onDidChange(({ key }) => {
      if (key === secretKey && this.#loading) void this.reload();
    });
  }

  get current(): OwnKey | undefined {
    return this.#current;
  }

  get onDidChange() {
    return this.#changed.event;
  }

  load(): Promise<void> {
    this.#loading ??= this.reload();
    return this.#loading;
  }

  async reload(): Promise<void> {
    const text = await this.#secrets.get(secretKey);
    const ownKey = parse(text);
    this.#unreadable = ownKey ? undefined : text;
    this.#set(ownKey);
  }

  /** @throws Problem `saveFailed`; the key that was set before stays */
  async set(key: string, checked: boolean): Promise<void> {
    const ownKey: OwnKey = { version: 1, key, checked };
    try {
      if (this.#unreadable !== undefined) await this.#secrets.store(setAsideKey, this.#unreadable);
      await this.#secrets.store(secretKey, JSON.stringify(ownKey));
    } catch (error) {
      this.#log.error(`The own key could not be stored: ${describeError(error)}`);
      throw isProblem(error) ? error : new Problem("saveFailed");
    }
    this.#unreadable = undefined;
    this.#set(ownKey);
  }

  /** Removes the key, and what was kept aside. */
  async remove(): Promise<void> {
    await this.#secrets.delete(secretKey);
    if ((await this.#secrets.get(setAsideKey)) !== undefined) await this.#secrets.delete(setAsideKey);
    this.#set(undefined);
  }

  #set(ownKey: OwnKey | undefined): void {
    const same = JSON.stringify(ownKey) === JSON.stringify(this.#current);
    this.#current = ownKey;
    if (!same) this.#changed.fire(ownKey);
  }
}

function parse(text: string | undefined): OwnKey | undefined {
  if (text === undefined) return undefined;
  try {
    return ownKeySchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
