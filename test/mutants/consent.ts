import { type Mutant, mutantsOf } from "./mutant.ts";

/** Who may spend the plan or the key, and under which label VS Code files its own consents. */
export const consentMutants: readonly Mutant[] = [
  ...mutantsOf("editor/consumers/consumers.ts", "editor/consumers/consumers", [
    ["a setting allows what the person has refused", `if (answer === "refused") throw`, `if (answer === "no") throw`],
    ["an extension that was put off is asked for at each try", " && !this.#isPutOff(consumer)", ""],
    ["an extension that keeps trying is asked for every minute", "putOff.triedAt = now;", ""],
    ["an extension that keeps trying is never asked for again", " || now - putOff.at >= longestBurstMs", ""],
    ["requests at once ask several times", "if (running !== undefined) return running;", ""],
    ["two questions are shown at once", "this.#dialogs.run(() => this.#ask(consumer))", "this.#ask(consumer)"],
    ["nobody hears that the settings allow an extension", `answer === "none") this.#tell(consumer);`, `false);`],
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
    ["an answer that another window overwrote stays lost", "if (isLost) this.#write();", ""],
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
  ]),
  ...mutantsOf("editor/chat/initiator.ts", "editor/consumers/modelRequests", [
    ["whatever VS Code names counts as an extension's id", "?? unknownExtension", "?? String(requestInitiator)"],
    ["VS Code's Chat is known by one spelling only", "requestInitiator.toLowerCase()", "requestInitiator"],
  ]),
  ...mutantsOf("editor/consumers/dialog.ts", "editor/consumers/dialog", [
    ["Enter allows an extension", "refuse, allow, later);", "allow, refuse, later);"],
  ]),
  ...mutantsOf("editor/consumers/extensionName.ts", "editor/consumers/dialog", [
    ["an extension's name may end the quotation", `.replace(quotes, "'")`, ""],
  ]),
  ...mutantsOf("editor/endpoints/consentDialogs.ts", "editor/endpoints/consentDialogs", [
    ["Enter allows an address", "refuse, allow);", "allow, refuse);"],
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
    ["an email can be the API key's label", "|| email.startsWith(ownKeyLabel)", ""],
  ]),
  ...mutantsOf("editor/panel/settingsPanel.ts", "editor/panel/panelIntents", [
    ["the panel can name an extension that it does not show", `if ("row" in data`, `if (false && "row" in data`],
  ]),
];
