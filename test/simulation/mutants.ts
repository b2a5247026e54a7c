import type { Replacement } from "../support/replacements.ts";
import type { Rule } from "./rules.ts";
import type { Weather } from "./world/faults.ts";

/** A change of the product that breaks a rule. */
export interface Mutant {
  readonly name: string;
  readonly rule: Rule;
  readonly replacements: readonly Replacement[];
  /** The faults that it takes to see it, in place of those of the stories. */
  readonly weather: Weather;
}

export const mutants: readonly Mutant[] = [
  {
    name: "the sign-in before a failed one is restored as rejected",
    rule: "notSignedOut",
    weather: { writeRejected: 0.1, writeLate: 0.1 },
    replacements: [
      {
        file: "account/undoneRecords.ts",
        text: "const restored = laterThan(failedAt, newest);",
        by: 'const restored = { ...laterThan(failedAt, newest), rejected: "reused" as const };',
      },
    ],
  },
  {
    name: "any 401 ends a sign-in",
    rule: "notSignedOut",
    weather: { foreign401: 0.3 },
    replacements: [
      {
        file: "oauth/tokenEndpoint.ts",
        text: "status === 401 && (isServiceError(json) || namesDeadToken(json, code))",
        by: "status === 401",
      },
    ],
  },
  {
    name: "a sign-in that could not be stored is said to be done",
    rule: "notSignedOut",
    weather: { writeRejected: 0.3 },
    replacements: [
      {
        file: "signin/completion.ts",
        text: "await accounts.storeSignIn(credential, followUp.complete);",
        by: "await accounts.storeSignIn(credential).catch(() => {});",
      },
    ],
  },
  {
    name: "nobody claims or locks a refresh token",
    rule: "notSentTwice",
    weather: {},
    replacements: [
      { file: "account/spendingClaims.ts", text: "if (newest > 0 && ", by: "if (newest < 0 && " },
      {
        file: "account/spendingClaims.ts",
        text: "(await this.#newest(prefix).catch(() => number)) === number",
        by: "number > 0",
      },
      {
        file: "platform/lock.ts",
        text: "if (!held) return undefined;",
        by: "if (!held) return { release: async () => {} };",
      },
    ],
  },
  {
    name: "what a sign-out leaves behind is not tried again",
    rule: "notLivingOn",
    weather: { unreachable: 0.3, writeRejected: 0.3 },
    replacements: [
      {
        file: "account/signOut.ts",
        text: "  #tryLater(): void {",
        by: "  #tryLater(): void {\n    if (this.#failures >= 0) return;",
      },
      { file: "account/signOut.ts", text: "if (this.#left.length > 0) void this.#tryAgain();", by: "" },
    ],
  },
  {
    name: "the index does not say that a sign-in has ended",
    rule: "indexIsKept",
    weather: {},
    replacements: [
      {
        file: "account/accountIndex.ts",
        text: "removed: [...(index.removed ?? []), ended] }",
        by: "removed: index.removed ?? [] }",
      },
    ],
  },
  {
    name: "what the keyring is asked for has no limit",
    rule: "callsEnd",
    weather: { getHangs: 0.1, writeHangs: 0.1 },
    replacements: [
      { file: "platform/timeLimit.ts", text: "if (!isSettled) reject(late());", by: "if (!isSettled) return;" },
    ],
  },
  {
    name: "a sign-in that has failed is not revoked",
    rule: "wordsAreTrue",
    weather: { writeRejected: 0.3 },
    replacements: [
      { file: "signin/completion.ts", text: "      this.#discard(accountIdIn(issuer, tokens), {", by: "      void ({" },
    ],
  },
  {
    name: "an expired token counts as fresh",
    rule: "wordsAreTrue",
    weather: {},
    replacements: [
      {
        file: "account/freshness.ts",
        text: "Math.max(expiresAt - marginMs, Math.min(settled, expiresAt))",
        by: "expiresAt + 4 * marginMs",
      },
    ],
  },
  {
    name: "work that many wait for rejects for nobody as well",
    rule: "quiet",
    weather: { failed: 0.3 },
    replacements: [{ file: "platform/sharedWork.ts", text: "started.then(end, end);", by: "started.then(end);" }],
  },
  {
    name: "whoever waits for a lock does not pause",
    rule: "quiet",
    weather: { writeLate: 0.3 },
    replacements: [
      {
        file: "platform/lock.ts",
        text: "await delay(Math.min(pause.mostMs, Math.max(pause.leastMs, pause.shareOfWait * waitedMs)));",
        by: "await Promise.resolve();",
      },
    ],
  },
];

/** @throws Error when there is none of this name */
export function mutantOf(name: string): Mutant {
  const mutant = mutants.find((each) => each.name === name);
  if (!mutant) throw new Error(`There is no mutant ${name}`);
  return mutant;
}
