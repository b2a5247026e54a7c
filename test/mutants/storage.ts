import { type Mutant, mutantsOf } from "./mutant.ts";

/** What is stored, believed, ended and revoked. */
export const storageMutants: readonly Mutant[] = [
  ...mutantsOf(
    "account/secretStorage.ts",
    "account/misreadRecord account/misreadIndex account/ownKey account/accounts",
    [["a secret that reads as missing once is missing", "const maxReads = 3;", "const maxReads = 1;"]],
  ),
  ...mutantsOf(
    "account/secretStore.ts",
    "account/accounts account/misreadIndex account/misreadRecord account/lostWrites",
    [
      [
        "a record that cannot be read is overwritten",
        "if (unreadable !== undefined) await this.#secrets.store(setAsideKey(key), unreadable);",
        "",
      ],
      [
        "another account's record is taken for this one's",
        'const isOthers = parsed.status === "found" && parsed.credential.id !== id;',
        "const isOthers = false;",
      ],
      [
        "the index is kept once",
        "const copied = this.#write(indexCopyKey, text);",
        "const copied = Promise.resolve();",
      ],
      ["what was set aside stays after a sign-out", "const keys = [key, setAsideKey(key)];", "const keys = [key];"],
      [
        "a write is believed without reading it",
        "await ensureStored(this.#secrets, {",
        'if (key === "") await ensureStored(this.#secrets, {',
      ],
      [
        "an index that cannot be read is overwritten",
        "if (copyOnly) return this.#write(indexCopyKey, text);",
        "",
        "account/signInWithoutIndex",
      ],
    ],
  ),
  ...mutantsOf("account/accountsReader.ts", "account/absentIndex / a copy that was written meanwhile", [
    [
      "an index that reads as missing is replaced by its copy",
      'else if (status === "missing") this.#isBlind',
      'else if (status === "missing" && !index) this.#isBlind',
    ],
    [
      "a copy alone is believed that names no account",
      "removed.length > 0 && !this.#isBlind && this.#hint",
      "removed.length > 0 && this.#hint",
    ],
    [
      "a copy that tells more is not written to the index",
      "this.#isIncomplete = isCopyAhead || (",
      "this.#isIncomplete = (",
    ],
  ]),
  ...mutantsOf("account/limitSecrets.ts", "account/limitSecrets", [
    [
      "a keyring may take as long as it likes to read",
      'await withinAwake(readMs, answer, () => new Problem("keyringSilent"))',
      "await answer",
    ],
    ["a late write stays in place of a newer one", "if (this.#newest === newest) await this.write(newest.value);", ""],
    ["writes of a secret overtake each other", "await before;\n", "\n"],
  ]),
  ...mutantsOf(
    "account/accountsMemory.ts",
    "account/misreadRecord account/misreadIndex account/accounts account/signOut",
    [
      [
        "an older record is believed",
        "if (known && this.#superseded.isOlder(record.credential, known.credential)) return known;",
        "",
      ],
      [
        "a record of an ended sign-in is believed",
        'if (record.status !== "found" || this.#isOver(record.credential)) return known;',
        'if (record.status !== "found") return known;',
      ],
      [
        "a record that reads as missing is gone",
        'if (record.status !== "found" || this.#isOver(record.credential)) return known;',
        'if (record.status !== "found" || this.#isOver(record.credential)) return undefined;',
      ],
      [
        "listeners hear of a sign-in that is half done",
        "if (this.#holds.size > 0 || ",
        "if (",
        "account/accountsEvent",
      ],
    ],
  ),
  ...mutantsOf("account/accountIndex.ts", "account/accountIndex account/accountIndex.property", [
    [
      "an ended sign-in is revived by an older index",
      "signedInAt > Math.max(ends.get(id)?.signedInAt ?? -Infinity, latest.get(id) ?? -Infinity)",
      "signedInAt > (latest.get(id) ?? -Infinity)",
    ],
    [
      "an index of a newer version is taken for a damaged one",
      'typeof version === "number" && version > 1 ? "newer" : "corrupt"',
      '"corrupt"',
      "account/accountIdentity",
    ],
    [
      "sign-ins that have left something are forgotten",
      "left || position >= ends.length - removedLimit",
      "position >= ends.length - removedLimit",
    ],
    [
      "ended sign-ins are kept without a limit",
      "left || position >= ends.length - removedLimit",
      "left || position >= 0",
    ],
  ]),
  ...mutantsOf("account/foundRecords.ts", "account/foundRecords", [
    [
      "a record of an ended sign-in is found again",
      "!hasEnded(index, record.credential)) unnamed",
      "index !== undefined) unnamed",
    ],
  ]),
  ...mutantsOf(
    "account/recordRepair.ts",
    "account/foundRecords account/misreadRecord account/lostWrites account/twoWindows",
    [
      [
        "a repair replaces a newer record",
        'const isBehind = stored.status === "found" ? isNewer(known, stored.credential) : stored.status !== "newer";',
        "const isBehind = true;",
        "account/notOurs",
      ],
      [
        "a repair loses the token of another sign-in",
        'if (stored.status === "found") await this.#keepToken(stored.credential, known);',
        "",
        "account/notOurs",
      ],
      ["a keyring that forgets is repaired for ever", " || repairs >= maxRepairs", "", "account/notOurs"],
    ],
  ),
  ...mutantsOf("account/cachedSecrets.ts", "account/cachedSecrets", [
    [
      "a window with old secrets stores them",
      "    await this.assertCurrent();\n      const mark = await this.#mark();\n      const next",
      "    const mark = await this.#mark();\n      const next",
    ],
    ["another window's change is not noticed", "if (await this.#isNew(published)) return true;", ""],

    [
      "a count that has gone says nothing",
      "if (!published && (this.#hasPublished || (await this.#isEarlier(mark.id)))) return true;",
      "",
    ],
  ]),
  ...mutantsOf("account/endedAccounts.ts", "account/signOut account/signOutLeft account/accounts", [
    [
      "the index does not tell that something is left",
      "withoutAccount(index, ended, { left: true })",
      "withoutAccount(index, ended)",
    ],
    [
      "tokens that were refreshed while a sign-out waited are not revoked",
      "return isNewer(stored.credential, known) ? stored.credential : known;",
      "return known;",
      "account/signOut",
    ],
    [
      "a record is deleted unrevoked that read as missing before",
      "if (!isOver(credential)) return !isEnded;",
      "if (!isEnded && !isOver(credential)) return true;",
      "account/signOutUnseen",
    ],
    [
      "a record is deleted that could not be read",
      "const before = await store.readCredential(id);\n      if (before.status",
      "const before = await store.readCredential(id).catch(() => undefined);\n      if (before?.status",
      "account/signOutUnseen",
    ],
    [
      "a deletion is believed without reading",
      'return isDeleted && stored.status === "none" && !store.isWriting(id);',
      "return isDeleted;",
    ],
  ]),
  ...mutantsOf("account/followUp/followUp.ts", "account/followUp/followUp", [
    [
      "what follows a sign-in is never resumed",
      "for (const { id, issuer } of accounts.state.accounts) {",
      "for (const { id, issuer } of accounts.state.accounts.slice(0, 0)) {",
    ],
    [
      "a failed follow-up is an unhandled rejection",
      "this.#dependencies.log.warn(`After the sign-in: ${describeError(error)}`);",
      "throw error;",
    ],
  ]),
  ...mutantsOf("account/followUp/credits.ts", "account/followUp/credits", [
    ["credits are asked for although the person does not want it", "return isWanted() && ", "return "],
    ["the Codex CLI's credits are asked for", 'account.origin === "own" && ', ""],
    ["credits are asked for again and again", "if (creditsAskedAt !== undefined) return false;", ""],
    ["every window asks for the credits", "isOurs = this.#isDue(credential);", "isOurs = true;"],
    [
      "credits are asked for at an address that was not allowed",
      "endpoints.assertAllowed(accountBinding(known.credential.issuer), apiBaseUrl);",
      "",
    ],
    [
      "a portal's answer counts as the service's",
      "isRefusal && isServiceError(response.json) && !isPassing(error)",
      "isRefusal",
    ],
  ]),
  ...mutantsOf("account/followUp/derivedKey.ts", "account/followUp/derivedKey account/followUp/followUp", [
    [
      "a key that is there goes when none can be made",
      'const keep = made.status === "absent" ? derivedKey.status === "present" : isDeepStrictEqual(derivedKey, made);',
      "const keep = isDeepStrictEqual(derivedKey, made);",
    ],
    ["a key that is stored is stored again", ": isDeepStrictEqual(derivedKey, made);", ": false;"],
  ]),
  ...mutantsOf("account/signInWriter.ts", "account/followUp/followUp", [
    [
      "a key that has come is not stored with its sign-in",
      "const credential = complete(begun);",
      "const credential = begun;",
    ],
  ]),
  ...mutantsOf("account/storageMarks.ts", "account/storageMarks", [
    [
      "a count that cannot be read is replaced by an earlier one",
      'if (errnoOf(error) === "ENOENT") return undefined;\n      throw error;',
      "return undefined;",
    ],
  ]),
];
