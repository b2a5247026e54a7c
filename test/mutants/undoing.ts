import { type Mutant, mutantsOf } from "./mutant.ts";

/** Sign-ins that are stored, that fail, and what is left of them. */
export const undoingMutants: readonly Mutant[] = [
  ...mutantsOf(
    "account/signInWriter.ts",
    "account/failedSignIn account/replacedSignIns account/silentKeyring account/interruptedSignIns",
    [
      [
        "what a failed sign-in has replaced is lost",
        "(!isSilent || isWritten) && (await this.#undo.restore(failed, isWritten)) && !isSilent",
        "false",
      ],
      [
        "the token of a replaced sign-in is not revoked later",
        "if (noted.length > 0) await this.#undo.changeTokens(credential.id, { added: noted.map(({ token }) => token) });",
        "",
      ],
      [
        "a sign-in is taken for one that has failed at the same time",
        "      memory.refusedAt(id),\n",
        "",
        "account/undoneByOthers",
      ],
      [
        "a window that is killed leaves a sign-in that nobody finds",
        "const noting = signInNotes.add(given).catch(logFailure);",
        "const noting = Promise.resolve();",
      ],
      [
        "a sign-in that a copy alone names has no note",
        "isNamed = !reader.isBlind;",
        "isNamed = true;",
        "account/absentIndex / of nobody",
      ],
      [
        "a sign-in that was given up stays when it is stored late",
        "throw afterLateWrite(error, () => undo(true));",
        "throw error;",
      ],
    ],
  ),
  ...mutantsOf("account/revocable.ts", "account/undoneByOthers account/undoneLate account/replacedSignIns", [
    [
      "a token of the Codex CLI is revoked with a sign-out",
      'if (record.origin !== "own" || record.handOff) return undefined;',
      'if (record.origin === "linked") return undefined;',
    ],
  ]),
  ...mutantsOf("account/undoneRecords.ts", "account/undoneByOthers account/undoneLate account/replacedSignIns", [
    [
      "the token of a failed sign-in is lost with its record",
      'if (record && !(await this.keepUntilRevoked(record, current))) return "unclear";',
      "",
    ],
    [
      "tokens are used again that another window has refreshed",
      'if (!(await mayStore(newest))) throw new Problem("saveFailed", "another window has newer tokens");',
      "",
      "account/putBack",
    ],
    [
      "the index goes on naming a sign-in that has failed",
      "if (isNamed) await writer.changeIndex((index) => withFound(index, [goesOn]));",
      "",
    ],
    [
      "a token that a sign-in and a failed one have is to be revoked",
      'if (origin !== "own" || tokens.refreshToken === current?.tokens.refreshToken) return true;',
      'if (origin !== "own") return true;',
    ],
  ]),
  ...mutantsOf("account/replacedTokens.ts", "account/replacedSignIns account/leftTokens account/signOutLeft", [
    [
      "a token that was revoked is on the list again",
      "return distinct(tokens).filter((token) => !this.#done.has(textOf(token)));",
      "return distinct(tokens);",
    ],
    [
      "a token that lives counts as revoked",
      "for (const token of removed) this.#done.add(textOf(token));",
      "for (const token of [...removed, ...kept]) this.#done.add(textOf(token));",
      "account/replacedTokens",
    ],
    [
      "a list of a newer version is overwritten",
      `if (text !== undefined && isNewer(text)) throw new Problem("keyringFailed", "a newer version's list");`,
      "",
      "account/replacedTokens",
    ],
    [
      "a damaged list is lost",
      "if (text !== undefined && !isList(text)) await this.#secrets.store(setAsideKeyOf(id), text);",
      "",
      "account/replacedTokens",
    ],
    [
      "a list that is there reads as missing and is overwritten",
      "if (text !== undefined || !(await this.#hasKey(keyOf(id)))) return text;",
      "if (text === undefined || text.length > 0) return text;",
      "account/replacedTokens",
    ],
    [
      "a damaged entry costs the other tokens of a list",
      "return entries.flatMap((entry) => tokenSchema.safeParse(entry).data ?? []);",
      "const tokens = entries.flatMap((entry) => tokenSchema.safeParse(entry).data ?? []);\n  return tokens.length === entries.length ? tokens : [];",
      "account/replacedTokens",
    ],
    [
      "a token is lost that another window adds at the same moment",
      "const tokens = without(this.#merge(id, text), kept)",
      "const tokens = without(this.#merge(id, before), kept)",
      "account/replacedTokens",
    ],
  ]),
  ...mutantsOf("account/signInNotes.ts", "account/undoneByOthers", [
    [
      "a sign-in is ended that has the time of one that has failed",
      "return record.signedInAt === signedInAt && !isOther;",
      "return record.signedInAt === signedInAt;",
    ],
  ]),
  ...mutantsOf("account/leftTokens.ts", "account/leftTokens", [
    [
      "tokens are to be revoked that no later window looks for",
      "      this.#storeLater(id);\n      throw error;",
      "      throw error;",
    ],
    [
      "tokens come back to the list that no later window looks for",
      "return added.length > 0 || known.length > 0 || this.#unmarked.has(id);",
      "return added.length > 0 || this.#unmarked.has(id);",
    ],
    [
      "nothing is said to be left of what reads as missing",
      "if (isEnded && (await replacedTokens.isListed(ref.id))) return false;",
      "",
    ],
    [
      "a list that was set aside stays after the sign-out",
      "await replacedTokens.deleteSetAside(ref.id);",
      "",
      "account/signOutLeft",
    ],
  ]),
  ...mutantsOf("account/accounts.ts", "account/undoneByOthers", [
    ["a record is shown whose sign-in has failed", "await this.#interrupted.refuseFailed();", ""],
  ]),
  ...mutantsOf("account/interruptedSignIns.ts", "account/interruptedSignIns", [
    [
      "an interrupted sign-in that has ended is completed",
      'record.status === "found" && record.credential.signedInAt > latestSignIn(memory.index, id)',
      'record.status === "found"',
    ],
    [
      "a note of a sign-in is removed while its record may come",
      "if (isOver || isNamed) await",
      "if (id !== undefined) await",
    ],
  ]),
  ...mutantsOf("account/undoneRecords.ts", "account/signOutUnseen", [
    [
      "a sign-in is restored that ends while it is stored",
      "if (hasEnded(memory.index, before)) await",
      "if (before === undefined) await",
    ],
  ]),
  ...mutantsOf("account/signInUndo.ts", "account/keptUntilRevoked", [
    [
      "a window that is killed loses the token of a failed sign-in",
      "const isKept = await this.#records.keepUntilRevoked(isOurs ? read : credential, before);",
      "const isKept = true;",
    ],
    [
      "nobody hears of the token of a failed sign-in whose window was killed",
      "await this.noteFailed(credential);\n    if (isUnreadable",
      "if (isUnreadable",
    ],
    [
      "a failed sign-in's token stays on the list to be revoked",
      "if (kept.length > 0) await this.changeTokens(credential.id, { kept });",
      "",
      "account/replacedSignIns",
    ],
    [
      "a token is taken off the list whose sign-in was not restored",
      "if (before) return (await isDone(this.#records.putBack(before, signedInAt))) && this.#keepToken(failed);",
      "if (before) return (await this.#keepToken(failed)) && isDone(this.#records.putBack(before, signedInAt));",
      "account/undoneByOthers",
    ],
    [
      "a record that reads as older is taken for what is stored",
      "if (read && !isOurs && !isWritten) return",
      "if (read && !isOurs) return",
      "account/undoneByOthers",
    ],
    [
      "a record that reads as missing is taken for one that was not stored",
      "if (!before && !isOurs && !isWritten) return false;",
      "if (!before && !isOurs && !isWritten) return true;",
      "account/undoneByOthers",
    ],
    ["tokens are lost that a record has replaced late", "...(newest ? [newest] : [])", "", "account/undoneSignIns"],
  ]),
];
