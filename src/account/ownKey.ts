import { randomBytes } from "node:crypto";
import * as z from "zod/mini";
import type { Disposable } from "../platform/disposables.ts";
import { Emitter } from "../platform/emitter.ts";
import { isHeaderValue } from "../platform/headerValue.ts";
import { parseJson } from "../platform/json.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { remember } from "../platform/remember.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import { limitSecrets, type SecretLimits } from "./limitSecrets.ts";
import { deleteSecret, readSecret, type SecretStorage } from "./secretStorage.ts";

const secretKey = "ownKey";
const setAsideKey = "setAside.ownKey";

const ownKeySchema = z.object({
  version: z.literal(1),
  key: z.string().check(z.refine(isHeaderValue)),
  checked: z.boolean(),
  /** The API that it was set for, where that is not OpenAI's. */
  apiBaseUrl: z.optional(z.string()),
});
export type OwnKey = z.infer<typeof ownKeySchema>;

/** Whether a text can be an OpenAI API key: `sk-` or, for session keys, `sess-`. */
export function looksLikeApiKey(text: string): boolean {
  return /^(sk|sess)-[\w-]{8,500}$/.test(text);
}

/** How many earlier keys are remembered. */
const supersededLimit = 20;

export interface OwnKeyDependencies {
  secrets: SecretStorage;
  log: Logger;
  limits?: SecretLimits | undefined;
}

/**
 * The API key that a person typed, in a secret separate from the accounts. What reads as missing, older or unreadable
 * changes nothing of what is known, unless another window reports a change at the same time.
 */
export class OwnKeyStore {
  readonly #secrets: SecretStorage;
  readonly #log: Logger;
  readonly #changed: Emitter<OwnKey | undefined>;
  #current: OwnKey | undefined;
  /** The text that `current` was read from. */
  #text: string | undefined;
  /** Earlier texts: no two are the same, so one that is read again is an older value. */
  readonly #superseded = new Set<string>();
  /** A stored text that cannot be read, perhaps because a newer version wrote it. */
  #unreadable: string | undefined;
  readonly #loaded = remember(() => this.reload());
  readonly #subscription: Disposable;

  constructor({ secrets, log, limits }: OwnKeyDependencies) {
    this.#secrets = limitSecrets(secrets, limits);
    this.#log = log;
    this.#changed = new Emitter((error) => log.error(`A listener of the own key failed: ${describeError(error)}`));
    this.#subscription = secrets.onDidChange(({ key }) => {
      if (key === secretKey && this.#loaded.current !== undefined) void this.#readChange();
    });
  }

  /** Stops listening to the secrets. */
  dispose(): void {
    this.#subscription.dispose();
  }

  get current(): OwnKey | undefined {
    return this.#current;
  }

  get onDidChange() {
    return this.#changed.event;
  }

  /**
   * Reads what is stored, the first time it is called; again when that has failed.
   * @throws Problem `keyringFailed`, `keyringSilent`
   */
  load(): Promise<void> {
    return this.#loaded.get();
  }

  /** Reads what is stored again. @throws Problem `keyringFailed`, `keyringSilent`; what is known stays */
  async reload(): Promise<void> {
    this.#take(await readSecret(this.#secrets, secretKey));
  }

  /**
   * @param apiBaseUrl the API that the key is for; OpenAI's when it is not given
   * @throws Problem `keyUnusable`, `saveFailed`, `keyringFailed`, `keyringSilent`, `staleWindow`; the key that was set before stays
   */
  async set(key: string, checked: boolean, apiBaseUrl?: string): Promise<void> {
    if (!isHeaderValue(key)) throw new Problem("keyUnusable");
    await this.load();
    // What is stored now may have to be kept aside.
    await this.reload();
    const ownKey: OwnKey = { version: 1, key, checked, ...(apiBaseUrl !== undefined && { apiBaseUrl }) };
    const text = JSON.stringify({ ...ownKey, nonce: randomBytes(6).toString("hex") });
    try {
      if (this.#unreadable !== undefined) await this.#secrets.store(setAsideKey, this.#unreadable);
      await this.#secrets.store(secretKey, text);
    } catch (error) {
      this.#log.error(`The own key could not be stored: ${describeError(error)}`);
      throw isProblem(error) ? error : new Problem("saveFailed");
    }
    this.#take(text);
  }

  /** Removes the key, and what was kept aside. @throws Problem `keyringFailed`, `keyringSilent`, `staleWindow` */
  async remove(): Promise<void> {
    await deleteSecret(this.#secrets, secretKey);
    this.#forget();
    await deleteSecret(this.#secrets, setAsideKey);
    this.#unreadable = undefined;
  }

  /** The secret was changed, in this window or another one: only now does "missing" mean that the key was removed. */
  async #readChange(): Promise<void> {
    try {
      const text = await readSecret(this.#secrets, secretKey);
      // The text stays known: if the keyring was wrong, the next read finds the key again.
      if (text === undefined) this.#set(undefined);
      else this.#take(text);
    } catch (error) {
      this.#log.warn(`The own key could not be read again: ${describeError(error)}`);
    }
  }

  #take(text: string | undefined): void {
    if (text === undefined || this.#superseded.has(text)) return;
    const ownKey = parse(text);
    this.#unreadable = ownKey ? undefined : text;
    if (!ownKey) return;
    this.#supersede(text);
    this.#set(ownKey);
  }

  #forget(): void {
    this.#supersede(undefined);
    this.#set(undefined);
  }

  #supersede(text: string | undefined): void {
    if (this.#text !== undefined && this.#text !== text) this.#superseded.add(this.#text);
    this.#text = text;
    for (const oldest of this.#superseded) {
      if (this.#superseded.size <= supersededLimit) break;
      this.#superseded.delete(oldest);
    }
  }

  #set(ownKey: OwnKey | undefined): void {
    const same = JSON.stringify(ownKey) === JSON.stringify(this.#current);
    this.#current = ownKey;
    if (!same) this.#changed.fire(ownKey);
  }
}

function parse(text: string): OwnKey | undefined {
  return ownKeySchema.safeParse(parseJson(text)).data;
}
