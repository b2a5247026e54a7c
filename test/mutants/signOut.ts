import { type Mutant, mutantsOf } from "./mutant.ts";

/** What a sign-out ends. */
export const signOutMutants: readonly Mutant[] = [
  ...mutantsOf("account/revoker.ts", "account/signOut account/signOutLeft account/leftTokens", [
    ["a sign-out revokes nothing", "await this.#dependencies.revoke(issuer, refreshToken);", ""],
    [
      "the Codex CLI's login is revoked",
      'if (newest?.origin !== "own") return { outcome: "codex" };',
      'if (!newest || newest.origin === "linked") return { outcome: "codex" };',
      "account/notOurs",
    ],
    [
      "a login is revoked whose owner is not known",
      'if (newest.handOff) return { outcome: "unclear" };',
      "",
      "account/notOurs",
    ],
    [
      "a refusal is taken for a failure that may pass",
      'if (!(error instanceof RevocationRefused)) return "failed";',
      'return "failed";',
    ],
    [
      "a revocation that failed counts as a refusal",
      'if (!(error instanceof RevocationRefused)) return "failed";',
      'if (!(error instanceof RevocationRefused)) return "refused";',
    ],
    [
      "an older token is revoked than the newest",
      "if (read?.signedInAt === newest.signedInAt && read.sequence > newest.sequence) newest = read;",
      "",
      "account/signOutLeft",
    ],
  ]),
  ...mutantsOf("account/discardedTokens.ts", "account/discardedSignIn", [
    ["a token that could not be revoked is forgotten", "if (!isOver) this.#waiting.set(token, id);", ""],
    ["a token that is being revoked when the window closes is forgotten", "this.#revoking.set(token, id);", ""],
  ]),
  ...mutantsOf("account/signOut.ts", "account/signOut account/signOutLeft account/leftTokens", [
    ["a sign-out deletes nothing", "(mayDelete && (await accounts.ended.deleteRecord(id, isOver)))", "mayDelete"],
    [
      "what a sign-out leaves behind is not tried again",
      "this.#ending.delete(id);\n      if (this.#isAnythingLeft) this.#tryLater();",
      "this.#ending.delete(id);",
    ],
    [
      "what a sign-out left behind is not tried again by another window",
      "if (this.#left.length > 0) void this.#tryAgain();",
      "",
    ],
    [
      "what fails while something is tried again is not tried again",
      "if (this.#isAnythingLeft) this.#tryLater();\n    }\n  }\n\n  async #endAgain",
      "if (this.#failures > 0) this.#tryLater();\n    }\n  }\n\n  async #endAgain",
      "account/signOutAgain",
    ],
    [
      "what a sign-out left is revoked under a sign-in after it",
      "return left === undefined || !isLeft(await this.#end(left, credential));",
      "return !isLeft(await this.#end(left ?? ref, credential));",
      "account/signOutAgain",
    ],
    [
      "a sign-out revokes what a sign-in after it has replaced",
      '    const { tokens, isComplete } = await leftTokens.read(id);\n    let signIn: EndedSignIn = credential ? await this.#revoker.endSignIn(credential) : { outcome: "over" };\n',
      '    let signIn: EndedSignIn = credential ? await this.#revoker.endSignIn(credential) : { outcome: "over" };\n    const { tokens, isComplete } = await leftTokens.read(id);\n',
      "account/signOutAgain",
    ],
    [
      "a record is deleted that is the only place of a token",
      'const mayDelete = left !== undefined || [signIn, ...others].every(({ outcome }) => outcome !== "failed");',
      "const mayDelete = true;",
    ],
    [
      "a record is deleted that is the only place of another sign-in's token",
      '[signIn, ...others].every(({ outcome }) => outcome !== "failed");',
      'signIn.outcome !== "failed";',
      "account/signOutUnseen",
    ],
    [
      "a record that was restored is not ended where its token could not be revoked",
      "ended.some(({ token }) => token && token.refreshToken",
      "removed.some((token) => token.refreshToken",
      "account/signOutUnseen",
    ],
    [
      "an earlier sign-in's token is not revoked",
      "noted.map(async (token) => ({ token, outcome: await this.#revoker.revoke(token) }))",
      'noted.map(async (token) => ({ token, outcome: "revoked" as Revocation }))',
    ],
  ]),
];
