import { type Mutant, mutantsOf } from "./mutant.ts";

/** Who may spend the plan or the key, and under which label VS Code files its own consents. */
export const consentMutants: readonly Mutant[] = [
  ...mutantsOf("editor/consumers/consumers.ts", "editor/consumers/consumers", [
    ["a setting allows what the person has refused", `if (answer === "refused") throw`, `if (answer === "no") throw`],
    [
      "an extension that was put off is asked for at each try",
      " && !this.#isPutOff(this.#kind(consumer, bySetting)));",
      ");",
      "editor/consumers/bySetting",
    ],
    ["an extension that was put off is asked for in the next dialog", " || (!bySetting && this.#isPutOff(kind))", ""],
    ["a question whose answer has come meanwhile is asked", "if (!isOpen(this.#answers.get(consumer)) || (", "if (("],
    [
      "an extension that was put off is asked for when the mode changes",
      "this.#putOff.set(kind,",
      "this.#putOff.set(consumer.pays,",
    ],
    ["an extension that keeps trying is asked for every minute", "putOff.triedAt = now;", ""],
    ["an extension that keeps trying is never asked for again", " || now - putOff.at >= longestBurstMs", ""],
    [
      "requests at once ask several times",
      "if (running !== undefined) return running;",
      "",
      "editor/consumers/bySetting",
    ],
    ["two questions are shown at once", ": this.#dialogs.run(ask))", ": ask())"],
    [
      "what the settings allow keeps other questions waiting",
      "(bySetting ? ask() : this.#dialogs.run(ask))",
      "this.#dialogs.run(ask)",
      "editor/consumers/bySetting",
    ],
    [
      "nobody is asked about what the settings allow",
      "const asks = isNew || (isOpen(answer) &&",
      "const asks = !bySetting && (isOpen(answer) &&",
      "editor/consumers/bySetting",
    ],
    [
      "who was put off uses the settings in silence",
      "const asks = isNew || (",
      "const asks = (",
      "editor/consumers/bySetting",
    ],
    [
      "what the settings allow is not listed",
      `if (isNew) this.#set(`,
      `if (false) this.#set(`,
      "editor/consumers/bySetting",
    ],
    [
      "the settings allow with a key what the person has refused with the plan",
      "return !isRefused && this.#dependencies",
      "return this.#dependencies",
      "editor/consumers/bySetting",
    ],
    [
      "who was put off uses the settings in silence, once told of",
      "`setting ${this.#rounds.get(extension) ?? 0}`",
      '"setting"',
      "editor/consumers/bySetting",
    ],
    [
      "a notification that was closed keeps the dialog from being shown",
      ': "dialog"}',
      ": `setting ${this.#rounds.get(extension) ?? 0}`}",
      "editor/consumers/bySetting",
    ],
    [
      "a notification under a dialog keeps the next from being shown",
      "    if (!bySetting) this.#startRound(consumer);\n    let",
      "    let",
      "editor/consumers/bySetting",
    ],
    [
      "a notification beside a dialog keeps the next from being shown",
      "      if (!bySetting) this.#startRound(consumer);\n      return;",
      "      return;",
      "editor/consumers/bySetting",
    ],
    [
      "what was removed uses the settings in silence",
      "    this.#startRound(consumer);\n    this.#set(",
      "    this.#set(",
      "editor/consumers/bySetting",
    ],
    [
      "the settings allow with a key what was never listed with it",
      '(answer === "setting" && this.',
      "(this.",
      "editor/consumers/bySetting",
    ],
    [
      "a person cannot block what the settings allow",
      `this.#set(consumer, "refused")`,
      `this.#set(consumer, "setting")`,
      "editor/consumers/bySetting",
    ],
    [
      "an answer that is none counts as one",
      `if (answer !== "allowed" && answer !== "refused") {`,
      "if (answer === undefined) {",
    ],
  ]),
  ...mutantsOf("editor/consumers/answers.ts", "editor/consumers/answers", [
    [
      "the person cannot allow again what they took back",
      "?.turn ?? 0) + 1",
      "?.turn ?? 0)",
      "editor/consumers/consumers",
    ],
    ["of two answers at once the yes counts", "one.turn === other.turn && allowsLess ? other : one", "one"],
    [
      "an answer that another window overwrote stays lost",
      `    this.#keep();
    return this.#entries().get(`,
      "    return this.#entries().get(",
    ],
    [
      "a window takes back a consent's end that it has heard of",
      "      for (let left = tries; left > 0 && this.#isLost(); left -= 1) {\n        await this.#memory.update(memoryKey, [...this.#entries().values()]);",
      "      const entries = [...this.#entries().values()];\n      for (let left = tries; left > 0 && this.#isLost(); left -= 1) {\n        await this.#memory.update(memoryKey, entries);",
    ],
    [
      "a write that never ends keeps later answers from being written",
      "    this.#startWrite();\n  }\n\n  /** All but",
      "    this.#keep();\n  }\n\n  /** All but",
    ],
    ["looking at answers piles up writes", "if (this.#writing === 0) this.#startWrite();", "this.#startWrite();"],
    ["answers are written for ever", "left > 0 && this.#isLost()", "left > -30 && this.#isLost()"],
    [
      "an answer for one account counts for all",
      "[extension, pays, payer].join",
      "[extension, pays].join",
      "editor/consumers/consumers",
    ],
    [
      "an answer for the plan counts for the key",
      "[extension, pays, payer].join",
      "[extension, payer].join",
      "editor/consumers/consumers",
    ],
  ]),
  ...mutantsOf("editor/chat/chatModelProvider.ts", "editor/consumers/modelRequests", [
    [
      "an answer counts for the account that is chosen meanwhile",
      "if (await consumers.request(consumer(credential), signal)) continue;",
      "await consumers.request(consumer(credential), signal);",
    ],
    ["a replaced credential may be another account's", "consumers.assertAllowed(consumer(used));", ""],
    [
      "the person is asked about a request that goes nowhere",
      "endpoints.assertAllowed(credential.binding, backend.baseUrl);",
      "",
    ],
  ]),
  ...mutantsOf("editor/chat/initiator.ts", "editor/consumers/modelRequests", [
    ["whatever VS Code names counts as an extension's id", "?? unknownExtension", "?? String(requestInitiator)"],
    [
      "VS Code's Chat is known by one spelling only",
      "extensionIdOf(requestInitiator) === chat",
      "requestInitiator === chat",
    ],
    [
      "VS Code's own requests are its Chat's",
      "extensionIdOf(requestInitiator) === chat",
      "extensionIdOf(requestInitiator) === chat || requestInitiator === vscodeItself",
    ],
    [
      "VS Code's own requests count as unknown extensions",
      "requestInitiator === vscodeItself ? vscodeItself : (extensionIdOf(requestInitiator) ?? unknownExtension)",
      "extensionIdOf(requestInitiator) ?? unknownExtension",
    ],
  ]),
  ...mutantsOf("editor/consumers/dialog.ts", "editor/consumers/dialog", [
    ["Enter allows an extension", "refuse, allow, later);", "allow, refuse, later);"],
  ]),
  ...mutantsOf("editor/consumers/module.ts", "editor/consumers/module", [
    [
      "an answer that was overwritten is lost when the window is left",
      "vscode.window.onDidChangeWindowState(() => void consumers.list());",
      "vscode.window.onDidChangeWindowState(() => {});",
    ],
  ]),
  ...mutantsOf("editor/module.ts", "editor/module", [
    [
      "a window's memory hides a consent's end",
      "createConsumers({ ...shared, memory: context.globalState })",
      "createConsumers(shared)",
    ],
  ]),
  ...mutantsOf("editor/vscode/settings.ts", "editor/consumers/module", [
    [
      "the open folder's settings allow an extension",
      `.inspect("allowedExtensions")?.globalValue`,
      `.get("allowedExtensions")`,
    ],
  ]),
  ...mutantsOf("editor/vscode/verifiedMemento.ts", "editor/vscode/verifiedMemento", [
    ["a value that was not kept hides all later ones", "pending.isGivenUp = true;", ""],
    ["a value is given up before it has been tried", "isGivenUp: false }", "isGivenUp: true }"],
  ]),
  ...mutantsOf("editor/consumers/extensionName.ts", "editor/consumers/dialog", [
    ["an extension's name may end the quotation", `.replace(quotes, "'")`, ""],
    ["two apostrophes in an extension's name may look like its end", `?.replace(singleQuotes, "'")`, ""],
    ["invisible marks part what looks like a name's end", "]\\p{M}*){2,}", "]){2,}"],
    ["an extension gives itself another one's id", "name.toLowerCase() === id", "true"],
    ["an extension's name may end the quotation in another script", "\\p{Pi}\\p{Pf}", "“”«»"],
    ["an extension's name may have what looks like its end", "\\u2033", ""],
  ]),
  ...mutantsOf("editor/vscode/confirm.ts", "editor/vscode/confirm", [
    ["Enter loses or gives away what a dialog asks about", "[no, ...choices]", "[...choices, no]"],
    [
      "a dialog that is closed is a yes",
      "(choice) => choice === answer",
      "(choice) => choice === answer || answer === undefined",
      "editor/endpoints/consentDialogs editor/vscode/confirm",
    ],
    ["another extension can answer a question", "{ modal: true, detail }", "{ detail }"],
  ]),
  ...mutantsOf("editor/sessions/accountLabels.ts", "editor/sessions/accountLabels", [
    [
      "a label of an account that is gone is given again",
      "this.#memory.update(memoryKey",
      "this.#memory.update(memoryKey + 1",
    ],
    [
      "a label that another window gave is given again",
      "for (const [label, owner] of given) this.#owners.set(label, owner);",
      "",
    ],
  ]),
  ...mutantsOf("editor/sessions/knownAccounts.ts", "editor/sessions/accountLabels", [
    ["an email can be the API key's label", "emailAddress.test(email)", "email !== ownKeyLabel"],
  ]),
  ...mutantsOf("editor/panel/settingsPanel.ts", "editor/panel/panelIntents", [
    ["the panel can name an extension that it does not show", `if ("row" in data`, `if (false && "row" in data`],
  ]),
];
