import * as z from "zod/mini";
import { Emitter } from "../platform/emitter.ts";
import { parseJson } from "../platform/json.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { asRecord } from "../platform/untrusted.ts";
import { Problem } from "../shared/problem.ts";
import { afterLateWrite, type LimitedSecrets, limitSecrets, type SecretLimits } from "./limitSecrets.ts";
import { deleteSecret, readSecret, type SecretStorage } from "./secretStorage.ts";

/** A refresh token that is to be revoked, at the issuer that it is from. */
const tokenSchema = z.object({ issuer: z.string(), refreshToken: z.string().check(z.minLength(1)) });
export type RevocableToken = Readonly<z.infer<typeof tokenSchema>>;

export interface TokensChange {
  readonly added?: readonly RevocableToken[];
  /** Revoked, worth nothing, or not ours to revoke: they are never listed again. */
  readonly removed?: readonly RevocableToken[];
  /** Of a sign-in that goes on after all. They live, and may be added again by any window. */
  readonly kept?: readonly RevocableToken[];
}

/** The account that stands for those of which no token tells the name. */
export const unnamedId = "0".repeat(16);

/** The tokens of an account. */
export interface ListedTokens {
  readonly tokens: readonly RevocableToken[];
  /** Whether there is one that was not stored before. */
  readonly hasNew: boolean;
}

const listVersion = 1;
const listSchema = z.object({ version: z.literal(listVersion), tokens: z.array(z.unknown()) });

/** Nobody signs in again more often than this between two sign-outs; the oldest tokens expire by themselves. */
const tokenLimit = 20;
/** A sign-in does not wait longer for this list than that, ms. */
const longestMs = 5_000;
/** How often a list is written that is not there afterwards. */
const maxTries = 2;

const keyOf = (id: string) => `replaced.${id}`;
const setAsideKeyOf = (id: string) => `setAside.${keyOf(id)}`;

/**
 * The refresh tokens of an account that this extension has got and uses no more, in one secret: of sign-ins that another
 * one has replaced, and of ended ones that could not be revoked. They are revoked with the account's sign-out. Not
 * before: revoking one is said to end the account's other sign-ins, too (openai/codex issues 22577 and 23781).
 *
 * What was added or removed is remembered in memory as well, because a keyring may answer with an older list. A damaged
 * list is set aside before another takes its place, with the tokens that can be read; that of a newer version stays as it
 * is.
 */
export class ReplacedTokens {
  readonly #secrets: LimitedSecrets;
  /** By account. */
  readonly #added = new Map<string, RevocableToken[]>();
  /** Keys of tokens that need not be revoked any more. */
  readonly #done = new Set<string>();
  /** What could not be stored yet, by account. */
  readonly #unstored = new Map<string, readonly RevocableToken[]>();
  readonly #failed: Emitter<string>;

  constructor(secrets: SecretStorage, log: Logger, { readMs = longestMs, writeMs = longestMs }: SecretLimits = {}) {
    this.#failed = new Emitter((error) => log.error(`After storing a token: ${describeError(error)}`));
    const limits = { readMs: Math.min(readMs, longestMs), writeMs: Math.min(writeMs, longestMs) };
    this.#secrets = limitSecrets(secrets, limits);
  }

  /** Fires with the account of which a token could not be stored. */
  get onDidFail() {
    return this.#failed.event;
  }

  /** The accounts of which tokens could not be stored yet. */
  get unstoredIds(): string[] {
    return [...this.#unstored.keys()];
  }

  /** The tokens of an account that could not be stored yet. */
  unstored(id: string): readonly RevocableToken[] {
    return this.#unstored.get(id) ?? [];
  }

  /** The tokens of an account, oldest first. @throws Problem `keyringFailed`, `keyringSilent` */
  async read(id: string): Promise<readonly RevocableToken[]> {
    return this.#merge(id, await this.#read(id));
  }

  /** What is known in this window alone. */
  known(id: string): readonly RevocableToken[] {
    return this.#added.get(id) ?? [];
  }

  /** Notes in memory that a token has been revoked, or is worth nothing. */
  finish(token: RevocableToken): void {
    this.#done.add(textOf(token));
  }

  /** Whether it is known that a token need not be revoked any more. */
  isFinished(token: RevocableToken): boolean {
    return this.#done.has(textOf(token));
  }

  /**
   * Adds tokens to an account's list, and takes tokens off it.
   * @returns what is on it then, and whether some of it is new
   * @throws Problem when that could not be stored; this window knows it all the same
   */
  async change(id: string, { added = [], removed = [], kept = [] }: TokensChange): Promise<ListedTokens> {
    for (const token of removed) this.#done.add(textOf(token));
    for (const token of added) this.#done.delete(textOf(token));
    this.#added.set(id, without(this.#rest([...this.known(id), ...added]), kept).slice(-tokenLimit));
    const unstored = without(this.#rest([...this.unstored(id), ...added]), kept);
    try {
      const listed = await this.#change(id, kept);
      this.#unstored.delete(id);
      return listed;
    } catch (error) {
      if (unstored.length === 0) this.#unstored.delete(id);
      else this.#unstored.set(id, unstored);
      if (unstored.length > 0) this.#failed.fire(id);
      // By then, what it stores may be over.
      throw afterLateWrite(error, () => this.#change(id, []));
    }
  }

  async #change(id: string, kept: readonly RevocableToken[]): Promise<ListedTokens> {
    const before = await this.#read(id);
    // A keyring may lose a change that it reports as done, and a window without the lock may have made another.
    for (let tries = 0, text = before; ; text = await this.#readText(id)) {
      const tokens = without(this.#merge(id, text), kept).slice(-tokenLimit);
      const next = tokens.length > 0 ? JSON.stringify({ version: listVersion, tokens }) : undefined;
      if (text === next) return { tokens, hasNew: without(tokens, parse(before)).length > 0 };
      if (tries >= maxTries) throw new Problem("saveFailed", "the list was not kept");
      if (text !== undefined && !isList(text)) await this.#secrets.store(setAsideKeyOf(id), text);
      if (next === undefined) await deleteSecret(this.#secrets, keyOf(id));
      else await this.#secrets.store(keyOf(id), next);
      tries += 1;
    }
  }

  /**
   * Deletes what was set aside of an account's list, when its sign-out is over.
   * @throws Problem `keyringFailed`, `keyringSilent`, `staleWindow`
   */
  async deleteSetAside(id: string): Promise<void> {
    const key = setAsideKeyOf(id);
    if ((await readSecret(this.#secrets, key)) !== undefined) await deleteSecret(this.#secrets, key);
  }

  /** @throws Problem also where a list is there that reads as missing, or that only a newer version can read */
  async #read(id: string): Promise<string | undefined> {
    const text = await this.#readText(id);
    if (text !== undefined || !(await this.#hasKey(keyOf(id)))) return text;
    throw new Problem("keyringFailed", "missing, but listed");
  }

  async #readText(id: string): Promise<string | undefined> {
    const text = await readSecret(this.#secrets, keyOf(id));
    if (text !== undefined && isNewer(text)) throw new Problem("keyringFailed", "a newer version's list");
    return text;
  }

  /** Whether the host lists the record of an account, or its tokens that are to be revoked. Not every host lists any. */
  async isListed(id: string): Promise<boolean> {
    return this.#hasKey(keyOf(id), `credential.${id}`);
  }

  async #hasKey(...names: string[]): Promise<boolean> {
    const keys: string[] = await this.#secrets.keys().catch(() => []);
    return names.some((name) => keys.includes(name));
  }

  #rest(tokens: readonly RevocableToken[]): RevocableToken[] {
    return distinct(tokens).filter((token) => !this.#done.has(textOf(token)));
  }

  #merge(id: string, text: string | undefined): RevocableToken[] {
    return this.#rest([...parse(text), ...this.known(id)]);
  }
}

/** The tokens of a list; of a damaged one, those that can be read. */
function parse(text: string | undefined): readonly RevocableToken[] {
  const entries = listSchema.safeParse(parseJson(text)).data?.tokens ?? [];
  return entries.flatMap((entry) => tokenSchema.safeParse(entry).data ?? []);
}

function isList(text: string): boolean {
  return listSchema.safeParse(parseJson(text)).data?.tokens.length === parse(text).length;
}

function isNewer(text: string): boolean {
  const version = asRecord(parseJson(text))?.version;
  return typeof version === "number" && version > listVersion;
}

function without(tokens: readonly RevocableToken[], others: readonly RevocableToken[]): RevocableToken[] {
  const texts = new Set(others.map(textOf));
  return tokens.filter((token) => !texts.has(textOf(token)));
}

function distinct(tokens: readonly RevocableToken[]): RevocableToken[] {
  return [...new Map(tokens.map((token) => [textOf(token), token])).values()];
}

function textOf({ issuer, refreshToken }: RevocableToken): string {
  return `${issuer}\n${refreshToken}`;
}
