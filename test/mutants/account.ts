import { type Mutant, mutantsOf } from "./mutant.ts";

/** Refreshes: by whom, when, and what becomes of the answers. */
export const accountMutants: readonly Mutant[] = [
  ...mutantsOf(
    "account/refresher.ts",
    "account/refresher account/credentialSource account/twoWindows account/manyCallers",
    [
      [
        "callers who ask at once refresh several times",
        "return this.#refreshes.run(seen.id, () => this.#refreshUnderLock(seen));",
        "return this.#refreshUnderLock(seen);",
      ],
      [
        "a refresh token is used that another window has just used",
        "if (isRefreshed(credential, seen)) return entry;",
        "",
      ],
    ],
  ),
  ...mutantsOf("account/refresher.ts", "account/lostLock account/misreadRecord account/lateTokens", [
    [
      "an older refresh token is used than the note tells of",
      "if (isSuperseded(credential, note)) {",
      "if (credential.sequence < 0) {",
    ],
    ["a refresh token is used while another window has a claim on it", "if (turn.claim) return true;", "return true;"],

    ["a claim on a refresh token is kept", "await turn.claim?.();", ""],
    ["a rejection is believed without reading again", "error instanceof RefreshRejected ? maxReads : 1", "0"],
    ["a rejection is believed when it is read once", "error instanceof RefreshRejected ? maxReads : 1", "1"],
  ]),
  ...mutantsOf("account/refresher.ts", "codex/handOff/interrupted codex/handOff/settle account/refresher", [
    [
      "a refresh token is used while its owner is not known",
      "if (credential.handOff) {",
      "if (credential.handOff && credential.sequence < 0) {",
    ],
  ]),
  ...mutantsOf("account/refresher.ts", "account/cachedSecrets account/refresher account/slowBrowserChange", [
    [
      "a window on the web uses a refresh token that it may have of old",
      "await this.#dependencies.assertCurrent();",
      "",
    ],
  ]),
  ...mutantsOf(
    "account/refreshOutcomes.ts",
    "account/refresher account/lateTokens account/incompleteAnswers account/issuerFaults",
    [
      [
        "another account's tokens are stored",
        "if (merged === undefined) throw await this.#otherAccount(credential, tokens.refreshToken);",
        "if (merged === undefined) throw new Error();",
      ],
      [
        "new tokens of an ended sign-in stay valid",
        "if (!stored) return this.#abandon(next);",
        'if (!stored) throw new Problem("notSignedIn");',
      ],
      [
        "a refresh that comes after a sign-out revives the account",
        "this.#dropIfSignedOut(next);\n    if (failure)",
        "if (failure)",
      ],
      [
        "tokens of a sign-in that was replaced meanwhile are not revoked later",
        "await this.#noteReplaced(brought);\n      return current;",
        "return current;",
      ],
      [
        "a token that was never refreshed counts as refreshed",
        "if (accessToken !== undefined && accessToken !== credential.tokens.accessToken) return undefined;",
        "if (accessToken !== undefined) return undefined;",
      ],
      [
        "an access token that names nobody replaces one that does",
        "namesNobody(accessToken) && !namesNobody(tokens.accessToken)",
        "false",
      ],
      [
        "a login that has ended stays as it was",
        "await this.#store.save({ ...credential, rejected: error.reason }, credential);",
        "",
      ],
    ],
  ),
  ...mutantsOf("account/refreshOutcomes.ts", "codex/linked/refreshing account/linkedRefresh codex/handOff/handOff", [
    [
      "the Codex CLI's token is revoked",
      'if (origin !== "own") return true;\n    const discarding',
      "const discarding",
      "account/freshTokens",
    ],
  ]),
  ...mutantsOf("account/refreshedStore.ts", "account/refresher account/lostWrites account/lateTokens", [
    ["tokens that could not be stored are lost", "this.#saveLater(refreshed, 1);", ""],
    ["tokens that could not be stored are not used", "accounts.keepInMemory(credential);", ""],
    [
      "a shutdown does not store what could not be stored",
      "await Promise.all([...this.#unsaved.values()].map((refreshed) => this.#saveAgain(refreshed)));",
      "",
    ],
    [
      "tokens are to be revoked of a sign-in that another window has put back",
      " || isOne(used) || isOne(refreshed)",
      " || isOne(used)",
      "account/putBack",
    ],
    [
      "tokens are to be revoked whose spent ones were put back",
      " || isOne(used) || isOne(refreshed)",
      " || isOne(refreshed)",
      "account/putBack",
    ],
  ]),
  ...mutantsOf("account/freshTokens.ts", "account/credentialSource", [
    [
      "a token is used that has expired",
      "const isUsable = !ages.hasExpired(age);",
      "const isUsable = true;",
      "account/freshTokens",
    ],
    [
      "a failing issuer is asked with each request",
      'if (!isProblem(problem, "needsSignIn", "notSignedIn")) this.#backoff.failed(id, problem);',
      "",
    ],
    [
      "a token that is still good waits for the issuer",
      "const fresh = await this.#orAfterAWhile(refresh, entry);",
      "const fresh = await refresh;",
    ],
    [
      "a rejected login is used",
      'if (rejected) throw new Problem("needsSignIn", rejected);\n    const age',
      "const age",
      "account/freshTokens",
    ],
    [
      "requests at once refresh several times",
      "this.#refreshes.run(id, () => this.#refresh(entry))",
      "this.#refresh(entry)",
      "account/freshTokens",
    ],
  ]),
  ...mutantsOf("account/freshness.ts", "account/credentialSource account/clockSet", [
    [
      "an expired token counts as fresh",
      "Math.max(expiresAt - marginMs, Math.min(settled, expiresAt))",
      "expiresAt + 4 * marginMs",
    ],
    ["a token is refreshed when it has expired, and not before", "expiresAt - marginMs", "expiresAt"],
  ]),
  ...mutantsOf("account/refreshBackoff.ts", "account/refreshBackoff account/credentialSource", [
    [
      "a failed refresh is tried again at once",
      "failures && this.#clock.elapsed() < failures.until ? failures : undefined",
      "undefined as Failures | undefined",
    ],
    [
      "failures of long ago count",
      "before && now - before.until < forgetMs ? before.count + 1 : 1",
      "before ? before.count + 1 : 1",
    ],
  ]),
  ...mutantsOf("account/spendingClaims.ts", "account/spendingClaims", [
    [
      "a claim does not hold until an answer may be stored",
      "const longestUseMs = 75_000;",
      "const longestUseMs = 30_000;",
    ],
    ["a claim of a window that is alive is abandoned", "now - since >= longestUseMs || ", "now - since >= 0 || "],
    ["a claim of a window that has ended holds for ever", "now - since >= longestUseMs || ", ""],
    [
      "a process of another computer counts as ended",
      "holder?.host === host && !isRunning(holder.pid)",
      "holder !== undefined && !isRunning(holder.pid)",
    ],
  ]),
  ...mutantsOf("account/refreshNotes.ts", "account/refresher account/signOut account/misreadRecord", [
    [
      "a note has the refresh token in it",
      'createHash("sha256").update(refreshToken).digest("hex").slice(0, 12)',
      "refreshToken",
    ],
    [
      "notes of an account stay when it is signed out",
      "await Promise.all(ended.map((name) => files.remove(join(directory, name))));",
      "",
      "account/spendingClaims",
    ],
  ]),
  ...mutantsOf("account/scheduledRefresh.ts", "account/scheduledRefresh", [
    ["a rejected login is refreshed again and again", "if (entry && !entry.account.rejected)", "if (entry)"],
    ["a refresh that has failed is tried again at once", "schedule(clock.elapsed() + retryMs);", "schedule();"],
    [
      "windows with a wrong clock refresh at once what another has refreshed",
      "const wasRefreshed = isRefreshed(entry, scheduled);",
      "const wasRefreshed = false;",
    ],
  ]),
  ...mutantsOf("account/freshTokens.ts", "account/expiredMeanwhile account/sleep", [
    [
      "a token is used that has expired meanwhile",
      "return ages.hasExpired(ages.of(fresh)) ? await refresh : fresh;",
      "return fresh;",
    ],
  ]),
  ...mutantsOf("account/refresher.ts", "account/workspacePolicy editor/allowedAccounts", [
    [
      "an account is refreshed whose workspace is not allowed",
      "this.#dependencies.policy.assertAllowed(claimsOf(seen.tokens));",
      "",
    ],
  ]),
  ...mutantsOf("account/cachedSecrets.ts", "account/claimedChanges", [
    [
      "what was read is used while another window makes a change",
      "return (await this.#newOf(mark.id, claims)).length > 0;",
      "return false;",
    ],
    ["a change is undone that another window has just claimed", "if (!isNewest || !(await", "if (!(await"],
  ]),
];
