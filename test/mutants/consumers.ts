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
      "extensionIdOf(requestInitiator) === chat",
      'requestInitiator !== ""',
      "editor/consumers/modelRequests openai/endpoints",
    ],
  ]),
  ...mutantsOf("editor/chat/allowChatWithoutGitHub.ts", "editor/chat/allowChatWithoutGitHub", [
    [
      "VS Code's own setting is changed without a question",
      'if (!(await confirm({ question, detail, no: l10n.t("Don\'t Change") }, l10n.t("Change Setting")))) return;',
      "",
    ],
    [
      "VS Code's own setting is said to be on though it was not saved",
      "    return !document.isDirty;",
      "    return true;",
    ],
    [
      "VS Code's own setting is said to be not on while VS Code saves it",
      "await waitAtMost(clock, savingMs, promise);",
      "",
    ],
    [
      "VS Code's own setting is written to a workspace",
      "!userSettingsPath.test(editor.document.uri.path)",
      "!editor.document.uri.path.endsWith('settings.json')",
    ],
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
        "(accountId === undefined || account.id === accountId)",
        "true",
      ],
      ["another extension learns of an account that may not be used", " && (!scopes || this.#mayBeUsed(account))", ""],
      [
        "an own key needs a workspace that may be used",
        "return isOwnKey(id) || this.#dependencies",
        "return this.#dependencies",
        "editor/sessions/ownKeySessions",
      ],
      [
        "the end of a key's session ends another key",
        "if (current && id === ownKeyAccount(this.#known()).id)",
        "if (current)",
        "editor/sessions/ownKeySessions",
      ],
      [
        "a session is of another account than the one that has signed in",
        "return (await signIn({ chooseAccount })).id;",
        'await signIn({ chooseAccount });\n    return accounts.state.active?.id ?? "";',
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
  ...mutantsOf("editor/sessions/sessionScopes.ts", "editor/sessions/ownKeySessions", [
    ["a key's account is another key's too", "id: ownKeyId + label.slice(ownKeyLabel.length)", "id: ownKeyId"],
  ]),
  ...mutantsOf("editor/sessions/authenticationProvider.ts", "editor/sessions/authenticationProvider", [
    ["an error of a session has its text and stack", "throw chatError(error, true);", "throw error;"],
    [
      "secrets are read for the Accounts menu",
      'if (wanted === "identity" && !isLoaded()) {',
      'if (wanted === "identity" && isLoaded()) {',
    ],
    [
      "another extension learns from memory of an account that may not be used",
      "isOwnKey(id) || isAllowedWorkspace(chatgptAccountId, allowed)",
      "isOwnKey(id) || allowed.length >= 0",
    ],
  ]),
  ...mutantsOf("editor/sessions/sessionScopes.ts", "editor/sessions/authenticationProvider editor/sessions/sessions", [
    [
      "every extension learns of the plan and the workspace",
      "return { id, label };",
      "return { id, label, ...(arguments[0] as object) };",
    ],
  ]),
];
