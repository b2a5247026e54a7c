import type { Event } from "../platform/emitter.ts";
import { describeError } from "../platform/logger.ts";
import { isProblem, Problem } from "../shared/problem.ts";

/** The part of `vscode.SecretStorage` that is used. */
export interface SecretStorage {
  get(key: string): PromiseLike<string | undefined>;
  store(key: string, value: string): PromiseLike<void>;
  delete(key: string): PromiseLike<void>;
  /** The keys of all secrets; earlier versions of VS Code do not have it. */
  keys?(): PromiseLike<string[]>;
  onDidChange: Event<{ key: string }>;
}

/** How often a secret is read that seems to be missing: keyrings now and then answer so (microsoft/vscode#184490). */
const maxReads = 3;

/** @throws Problem `keyringFailed`, `keyringSilent` */
export async function readSecret(secrets: SecretStorage, key: string): Promise<string | undefined> {
  for (let reads = 0; reads < maxReads; reads += 1) {
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
