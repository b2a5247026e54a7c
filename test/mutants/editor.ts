import { type Mutant, mutantsOf } from "./mutant.ts";

/** What a person sees: the panel, notifications, terminals. */
export const editorMutants: readonly Mutant[] = [
  ...mutantsOf("editor/panel/panelHtml.ts", "editor/panel/panelHtml editor/panel/settingsPanel", [
    ["the panel may load anything", "\"default-src 'none'\",", ""],
    ["the panel runs any script", "`script-src 'nonce-${nonce}'`", "\"script-src 'unsafe-inline'\""],
    ["the panel runs scripts of anywhere", "`script-src 'nonce-${nonce}'`", "`script-src 'nonce-${nonce}' https:`"],
    [
      "the panel has the same nonce each time",
      'randomBytes(16).toString("base64")',
      'Buffer.alloc(16).toString("base64")',
    ],
    ["the panel's nonce is short", "randomBytes(16)", "randomBytes(2)"],
    ["the panel may have another base", "\"base-uri 'none'\",", ""],
    ["the panel may send forms", "\"form-action 'none'\",", ""],
    [
      "the panel takes styles of anywhere",
      "`style-src ${cspSource}`",
      "`style-src ${cspSource} https: 'unsafe-inline'`",
    ],
    ["an address of the panel could end its attribute", '.replaceAll(\'"\', "&quot;")', ""],
    ["a text of the panel could begin a tag", '.replaceAll("<", "&lt;")', ""],
  ]),
  ...mutantsOf("editor/panel/settingsPanel.ts", "editor/panel/settingsPanel editor/panel/panelIntents", [
    [
      "the panel reads files of everywhere",
      "localResourceRoots: [folder]",
      "localResourceRoots: [this.#dependencies.extensionUri]",
    ],
    ["the panel may run commands", "enableForms: false,", "enableForms: false,\n        enableCommandUris: true,"],
    ["the panel may send forms by itself", "enableForms: false", "enableForms: true"],
    [
      "anything that the panel sends is done",
      "if (!intent.success) {",
      "if (!intent.success && message === undefined) {",
    ],
    ["the panel may name any account", 'if ("id" in data && !this.#isShown(data.id)) return;', ""],
  ]),
  ...mutantsOf("shared/panelProtocol.ts", "editor/panel/panelIntents editor/panel/panelProtocol", [
    [
      "the panel may run any action",
      "z.strictObject({ type: z.enum(panelActionIds) })",
      'z.looseObject({ type: z.enum([...panelActionIds, "switchAccount", "copySignInLink", "openSettings", "showMenu"] as unknown as typeof panelActionIds) })',
    ],
    [
      "an intent may have more in it",
      'z.strictObject({ type: z.literal("signOutAccount"), id: z.string() })',
      'z.object({ type: z.literal("signOutAccount"), id: z.string() })',
    ],
    [
      "a view may have a whole key in it",
      "const maskedKeySchema = z.string().check(z.maxLength(20));",
      "const maskedKeySchema = z.string();",
    ],
    [
      "a view may have anything else in it",
      "export const viewSchema = z.strictObject({",
      "export const viewSchema = z.looseObject({",
    ],
  ]),
  ...mutantsOf("editor/panel/panelView.ts", "editor/panel/panelView editor/panel/panelViews", [
    ["the panel gets an own key in full", "masked: maskKey(key.key)", "masked: key.key"],
    [
      "the panel gets the environment's key",
      "...(environmentKey(process.env) !== undefined && { inEnvironment: true })",
      "...({ inEnvironment: environmentKey(process.env) } as object)",
    ],
  ]),
  ...mutantsOf("account/state.ts", "editor/panel/panelView account/accounts editor/panel/panelViews", [
    ["the panel gets an account's key in full", "masked: maskKey(derivedKey.key)", "masked: derivedKey.key"],
  ]),
  ...mutantsOf("extension.ts", "extension", [
    [
      "a failed command tells other extensions why",
      'new Notifications(log, showLog).problem("A command", error);',
      "throw error;",
    ],
    ["the person's consent outlives the setting", "else hints.terminalConsent.forget();", ""],
  ]),
  ...mutantsOf(
    "editor/vscode/notifications.ts",
    "editor/actions editor/activity editor/accountActions editor/signIn/signInActions",
    [
      [
        "a server's text is shown in a notification",
        "const sentence = sentenceFor(error);",
        'const sentence = error instanceof Error ? `${error.message} ${(error as { detail?: string }).detail ?? ""}` : String(error);',
      ],
    ],
  ),
  ...mutantsOf("shared/problem.ts", "editor/chat/chatErrors editor/activity", [
    [
      "the text of any error is shown",
      "error instanceof Problem ? error.message : unexpectedSentence()",
      "error instanceof Error ? error.message : unexpectedSentence()",
    ],
  ]),
  ...mutantsOf("editor/terminals/consent.ts", "editor/terminals/consent editor/terminals/terminals", [
    [
      "the setting alone gives terminals the key",
      'return this.#dependencies.memory.get() === "allowed";',
      "return this.#dependencies.enabled();",
    ],
    [
      "an answer that is no yes gives terminals the key",
      'allowed === true ? "allowed" : "refused"',
      'allowed !== false ? "allowed" : "refused"',
    ],
    ["an answer counts that came after the setting was turned off", "if (!enabled()) return;", ""],
  ]),
  ...mutantsOf("editor/terminals/environment.ts", "editor/terminals/environment editor/terminals/terminals", [
    ["VS Code writes the key to disk", "collection.persistent = false;", ""],
    ["terminals keep the key when the window closes", "give(undefined);\n    },", "},"],
    [
      "terminals keep a key that is gone",
      "if (key === undefined) collection.clear();\n    else collection",
      "if (key !== undefined) collection",
    ],
  ]),
  ...mutantsOf("editor/terminals/module.ts", "editor/terminals/terminals", [
    [
      "terminals get the key without consent",
      "settings.terminalEnvironment && consent.isGiven",
      "settings.terminalEnvironment",
    ],
  ]),
  ...mutantsOf("editor/vscode/settings.ts", "editor/vscode/settings", [
    [
      "an unknown mode sends the plan's credential",
      'read("authMode") === "chatgpt" ? "chatgpt" : "apiKey"',
      'read("authMode") === "apiKey" ? "apiKey" : "chatgpt"',
    ],
    [
      "terminals get the key by any value",
      'read("terminalEnvironment") === true',
      'Boolean(read("terminalEnvironment"))',
    ],
  ]),
  ...mutantsOf("editor/vscode/verifiedMemento.ts", "editor/vscode/verifiedMemento", [
    ["an answer is believed to be kept", "isPending() && isSame(this.#memento.get(key), value)", "isPending()"],
  ]),
  ...mutantsOf("editor/accountActions.ts", "editor/accountActions editor/accountKey editor/endpoints/review", [
    ["what was allowed for an account stays after its sign-out", "endpoints.forget(accountBinding(issuer));", ""],
    ["a hand-off goes on after a sign-out", "await endHandOff(id);", ""],
    [
      "who agrees to a sign-out that is done hears of a problem",
      "if (!ending) return;",
      'if (!ending) throw new Problem("notSignedIn");',
      "editor/questions editor/accountActions",
    ],
    [
      "any extension can have tokens refreshed and keys made in a loop",
      "if (this.#isSettling(entry)) {",
      "if (this.#isSettling(entry) && !entry) {",
      "editor/questions",
    ],
    ["a new sign-in counts as refreshed", "if (last?.signedInAt !== entry.account.signedInAt)", "if (!last)"],
    [
      "nobody is told after a sign-out that the own key pays now",
      'authMode === "chatgpt" && settings.authMode === "apiKey" && this.#hasOwnKey;',
      "false;",
      "editor/ownKeyFollows",
    ],
    [
      "an account that cannot be read counts as none in the question of a sign-out",
      '...(unread === "all" ? [] : unread)',
      "",
      "editor/ownKeyFollows",
    ],
    [
      "nobody is told that the own key may pay next",
      'unread === "all" ? "maybe" : true',
      'unread !== "all"',
      "editor/ownKeyFollows",
    ],
    [
      "each press of a button makes a key",
      'return this.#running.run("derivedKey", () => this.#deriveKey());',
      "return this.#deriveKey();",
    ],
    ["nobody is told that no new key was made", "if (after === before) {", "if (!after) {"],
    ["tokens that are no good are not refreshed", " && !source.isDue(entry)", ""],
    ["a sign-in that has ended counts as refreshed", " && !entry.account.rejected", ""],
    [
      "a refresh makes a key where there is one",
      'if (refreshed.credential.derivedKey.status === "absent") await deriver',
      "await deriver",
    ],
  ]),
  ...mutantsOf("editor/signIn/signOutQuestion.ts", "editor/ownKeyFollows", [
    ["nobody is told before a sign-out that the own key pays next", "if (ownKeyFollows)", "if (!question)"],
  ]),
  ...mutantsOf("account/state.ts", "editor/sessions/unreadAccounts", [
    ["nobody can be signed out while nothing can be read", 'unread === "all" || ', ""],
  ]),
  ...mutantsOf("editor/signIn/signOutReport.ts", "editor/signIn/signOutReport", [
    [
      "nobody is told that a sign-in may stay valid",
      "return isStored || left.includes(signIn) || left.includes(earlier);",
      "return isStored;",
    ],
    [
      "nobody is told that the account's key stays valid",
      'if (credential?.origin === "own" && credential.derivedKey.status === "present") {',
      'if (credential?.origin === "copied" && credential.derivedKey.status === "present") {',
    ],
  ]),
  ...mutantsOf("editor/vscode/commandLinks.ts", "extension editor/signIn/progress", [
    [
      "any extension can put the sign-in's link on the clipboard",
      "return !isForOwnLinks(id) || args[0] === proof;",
      "return true;",
    ],
  ]),
  {
    name: "a command answers other extensions",
    replacements: [
      { file: "extension.ts", text: "\n      await run(id);", by: "\n      return await run(id);" },
      {
        file: "extension.ts",
        text: "if (mayRun(id, args, linkProof)) await run(id);",
        by: "if (mayRun(id, args, linkProof)) return await run(id);",
      },
    ],
    tests: ["unit/extension.test.ts"],
  },
];
