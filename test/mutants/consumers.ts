import { type Mutant, mutantsOf } from "./mutant.ts";

/** What other extensions get, and what they may spend. */
export const consumerMutants: readonly Mutant[] = [
  ...mutantsOf("editor/chat/chatErrors.ts", "editor/chat/chatErrors", [
    ["other extensions get a stack", 'shown.stack = "";', ""],
    [
      "other extensions get the text of any error",
      "const sentence = sentenceFor(error);",
      'const sentence = error instanceof Error ? error.message : "";',
    ],
  ]),
  ...mutantsOf("editor/chat/chatModelProvider.ts", "editor/chat/chatModelProvider", [
    [
      "another extension makes the person be asked",
      "if (credential.binding && isChat) await",
      "if (credential.binding) await",
      "openai/endpoints",
    ],
    ["a cancelled chat request is sent", "if (token.isCancellationRequested) throw this.#host.cancellation();", ""],
  ]),
  ...mutantsOf("editor/chat/initiator.ts", "editor/chat/chatModelProvider editor/chat/register", [
    [
      "any extension counts as VS Code's Chat",
      'chat.has(typeof requestInitiator === "string" ? requestInitiator.toLowerCase() : undefined)',
      'requestInitiator !== ""',
      "editor/consumers/modelRequests openai/endpoints",
    ],
  ]),
  ...mutantsOf("editor/chat/allowChatWithoutGitHub.ts", "editor/chat/allowChatWithoutGitHub", [
    ["VS Code's own setting is changed without a question", "if (answer === undefined) return;", ""],
  ]),
  ...mutantsOf(
    "editor/sessions/sessionScopes.ts",
    "editor/sessions/sessions editor/sessions/sessionRequests editor/sessions/authenticationProvider",
    [
      ["more scopes give a token as well", "if (scopes.length > 1) return undefined;", ""],
      ["unknown scopes give a token", 'scopes[0] === scopesOf.chatgpt[0] ? "chatgpt" : undefined', '"chatgpt"'],
      [
        "the Accounts menu gets a token",
        'sessionOf(menuAccount(account), "identity", "")',
        'sessionOf(menuAccount(account), "identity", account.id)',
      ],
    ],
  ),
  ...mutantsOf(
    "editor/sessions/sessions.ts",
    "editor/sessions/sessions editor/sessions/sessionRequests editor/sessions/unreadAccounts",
    [
      [
        "a session for an account gives another's token",
        "({ id }) => accountId === undefined || id === accountId,",
        "() => true,",
      ],
      ["who asks for an identity gets a token", 'if (wanted === "identity") return "";', ""],
      [
        "the key of the other mode is handed out",
        'if (wanted === "apiKey" && this.#dependencies.authMode() === "apiKey") {',
        'if (wanted === "apiKey" && isOwnKey) {',
      ],
      [
        "a rejected token is handed out",
        "return rejected ? undefined : tokens.accessToken;",
        "return tokens.accessToken;",
      ],
      [
        "a token that is about to end is handed out",
        "return (await this.#dependencies.source.accessToken(account.id)).bearer;",
        'return this.#localToken(account, "chatgpt");',
      ],
    ],
  ),
  ...mutantsOf("editor/sessions/authenticationProvider.ts", "editor/sessions/authenticationProvider", [
    ["an error of a session has its text and stack", "throw chatError(error, true);", "throw error;"],
    [
      "secrets are read for the Accounts menu",
      'if (wanted === "identity" && !isLoaded()) {',
      'if (wanted === "identity" && isLoaded()) {',
    ],
  ]),
  ...mutantsOf("editor/sessions/sessionScopes.ts", "editor/sessions/authenticationProvider editor/sessions/sessions", [
    [
      "every extension learns of the plan and the workspace",
      "return { id, label };",
      "return { id, label, ...(arguments[0] as object) };",
    ],
  ]),
  ...mutantsOf("editor/sessions/accountLabels.ts", "editor/sessions/accountLabels", [
    [
      "an account gets a label that another one has had",
      "candidates.find((candidate) => !this.#owners.has(candidate))",
      "candidates[0]",
    ],
    ["an account's label changes", "this.given(owner) ?? this.#free(candidates)", "this.#free(candidates)"],
    [
      "a label that another window has given is given again",
      "    // Another window may have given some.\n    this.#read();",
      "    // Another window may have given some.",
    ],
    ["labels are forgotten", "this.#memory.update(memoryKey, [...this.#owners]).then(undefined, () => {});", ""],
  ]),
  ...mutantsOf("editor/consumers/consumers.ts", "editor/consumers/consumers editor/consumers/modelRequests", [
    [
      "an extension that was refused uses the models",
      'if (answer === "refused") throw new Problem("extensionRefused");\n    if (answer !== "allowed" &&',
      'if (answer !== "allowed" && answer !== "refused" &&',
    ],
    [
      "an extension that nobody was asked about uses the models",
      'if (answer !== "allowed" && !this.#isAllowedBySetting(consumer)) throw new Problem("extensionNotAllowed");',
      "",
    ],
    [
      "the person does not hear that the settings allow an extension",
      'if (!asks && answer === "none") this.#tell(consumer);',
      "",
    ],
    ["an answer that was taken back counts", 'this.#answers.set(consumer, "none");\n    this.#putOff', "this.#putOff"],
    [
      "a question about an extension holds its request up for ever",
      "await waitAtMost(this.#dependencies.clock, answerLimitMs, this.#question(consumer), signal);",
      "await this.#question(consumer);",
    ],
    ["what was put off is asked for with each request", " && !this.#isPutOff(consumer)", ""],
  ]),
  ...mutantsOf("editor/consumers/answers.ts", "editor/consumers/answers editor/consumers/consumers", [
    [
      "an answer counts for every account",
      'return [extension, pays, payer].join("\\n");',
      'return [extension, pays].join("\\n");',
    ],
    [
      "an answer for the plan counts for the key",
      'return [extension, pays, payer].join("\\n");',
      'return [extension, payer].join("\\n");',
    ],
    [
      "of two answers the one counts that allows more",
      "const allowsLess = order.indexOf(other.answer) < order.indexOf(one.answer);",
      "const allowsLess = order.indexOf(other.answer) > order.indexOf(one.answer);",
    ],
  ]),
  ...mutantsOf("editor/consumers/dialog.ts", "editor/consumers/dialog", [
    [
      "a dialog about an extension that is closed allows it",
      'return answer === allow ? "allowed" : answer === refuse ? "refused" : undefined;',
      'return answer === refuse ? "refused" : "allowed";',
    ],
    [
      "a question about an extension is no modal dialog",
      "const options = { modal: true, detail };",
      "const options = { detail };",
    ],
    ["Enter allows an extension", "options, refuse, allow, later)", "options, allow, refuse, later)"],
  ]),
  ...mutantsOf("editor/consumers/extensionName.ts", "editor/consumers/dialog", [
    ["an extension's name may end its quotation", '.replace(quotes, "\'")', ""],
    ["an extension's name may turn the text around it", '.replace(hidden, " ")', ""],
    ["an extension's name may fill a dialog", "characters.length > longestName ?", "characters.length > 1e9 ?"],
  ]),
  ...mutantsOf("editor/chat/chatModelProvider.ts", "editor/consumers/modelRequests", [
    [
      "an extension uses the models without the person's answer",
      "if (await consumers.request(consumer(credential), signal)) continue;",
      "",
    ],
    ["an extension's request goes on after its answer was taken back", "consumers.assertAllowed(consumer(used));", ""],
  ]),
  ...mutantsOf("editor/chat/initiator.ts", "editor/consumers/modelRequests editor/chat/register", [
    [
      "an unknown extension counts as any name that it gives",
      "return extensionIdOf(requestInitiator) ?? unknownExtension;",
      "return String(requestInitiator);",
    ],
  ]),
];
