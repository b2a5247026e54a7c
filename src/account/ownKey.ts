import * as z from "zod/mini";
import { Emitter } from "../platform/emitter.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { Problem } from "../platform/problem.ts";
import type { SecretStorage } from "./secretStore.ts";

const secretKey = "ownKey";

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
    this.#set(parse(await this.#secrets.get(secretKey)));
  }

  /** @throws Problem `saveFailed`; the key that was set before stays */
  async set(key: string, checked: boolean): Promise<void> {
    const ownKey: OwnKey = { version: 1, key, checked };
    try {
      await this.#secrets.store(secretKey, JSON.stringify(ownKey));
    } catch (error) {
      this.#log.error(`The own key could not be stored: ${describeError(error)}`);
      throw new Problem("saveFailed");
    }
    this.#set(ownKey);
  }

  async remove(): Promise<void> {
    await this.#secrets.delete(secretKey);
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
