import { type Mutant, mutantsOf } from "./mutant.ts";

/** A sign-in's way to the Codex CLI. */
export const handOffMutants: readonly Mutant[] = [
  ...mutantsOf("codex/handOff/handOff.ts", "codex/handOff/handOff codex/handOff/interrupted", [
    [
      "a hand-off takes no lock over the account",
      'lock.hold(request.id, () => lock.hold("codex-cli", () => handOffAlone(dependencies, request)))',
      'lock.hold("codex-cli", () => handOffAlone(dependencies, request))',
    ],
    ["a hand-off that was cut off is not noted", "await accounts.store(pending);", ""],
  ]),
  ...mutantsOf("codex/handOff/checks.ts", "codex/handOff/checks", [
    [
      "a rejected sign-in is handed off",
      'if (entry.credential.rejected) throw new Problem("needsSignIn", entry.credential.rejected);',
      "",
    ],
    [
      "an older sign-in is handed off",
      'if (await accounts.isOlder(entry.credential)) throw new Problem("staleWindow");',
      "",
      "codex/handOff/interrupted",
    ],
    [
      "a refresh token of another issuer goes to OpenAI",
      'if (!isKnownToCodex(credential.issuer)) throw new Problem("handOffOtherIssuer");',
      "",
    ],
    ["a login is handed off that the Codex CLI would delete", "if (inFile) throw new Problem(inFile);", ""],
    ["a login is handed off that other rules would delete", "if (inForce) throw new Problem(inForce);", ""],
    [
      "another login of the Codex CLI is hidden",
      "if (login.ok && login.value !== undefined && login.value !== present?.accessToken) {",
      'if (login.ok && login.value === "") {',
    ],
    [
      "a login is handed off although the rules could not be read",
      "if (!config.ok && (login.ok || !isPerhapsOfItsFile(config.failure))) {",
      "if (!config.ok && config.failure === undefined) {",
    ],
  ]),
  ...mutantsOf("codex/authFile/codexHome.ts", "codex/authFile/codexHome codex/handOff/checks", [
    [
      "a Codex CLI that takes API keys alone gets a login",
      'if (rules.forcedMethod !== undefined && rules.forcedMethod !== "chatgpt") return "handOffApiKeyOnly";',
      "",
    ],
    [
      "a Codex CLI that takes other workspaces alone gets a login",
      'if (rules.forcedWorkspaces && !rules.forcedWorkspaces.includes(workspace)) return "handOffOtherWorkspace";',
      "",
    ],
    [
      "a Codex CLI of an unknown store gets a login",
      'if (rules.store === "unknown") return "handOffUnknownStore";',
      'if (rules.store === "unknown") return undefined;',
    ],
    [
      "a relative home of the Codex CLI is looked for anywhere",
      "if (!isAbsolute(configured) || !(await isDirectory(configured))) return",
      "if (!(await isDirectory(configured))) return",
    ],
  ]),
  ...mutantsOf("codex/handOff/confirm.ts", "codex/handOff/handOff codex/handOff/interrupted codex/handOff/settle", [
    [
      "the Codex CLI counts as the owner without having said so",
      "if (!linked) return takeBack(dependencies, pending, answer);",
      "if (!linked) return;",
    ],
    [
      "a login that the Codex CLI does not use is linked",
      "tokens && tokens.accessToken === accessToken && tokens.refreshToken === pending.tokens.refreshToken",
      "tokens",
    ],
  ]),
  ...mutantsOf("codex/handOff/settle.ts", "codex/handOff/settle codex/handOff/crash", [
    [
      "an older record settles a hand-off that is over",
      "if (!(await dependencies.accounts.isOlder(credential))) await settle(dependencies, credential);",
      "await settle(dependencies, credential);",
    ],
    [
      "a file that cannot be read settles a hand-off",
      'if (read.status !== "read" && read.status !== "missing") throw ofOwnFile(unreadableProblem(read.status));',
      'if (read.status !== "read" && read.status !== "missing") return "ours";',
    ],
    [
      "a file that is half written settles a hand-off",
      'if (state.status === "halfWritten") {',
      'if (state.status === "halfWritten" && tries < 0) {',
    ],
    [
      "a login that the Codex CLI has refreshed is taken back",
      'if (state.status === "refreshed") {',
      'if (state.status === "refreshed" && tries < 0) {',
    ],
    [
      "somebody's file is replaced when a hand-off is settled",
      'if (state.status === "foreign") {',
      'if (state.status === "foreign" && tries < 0) {',
    ],
  ]),
  ...mutantsOf("codex/handOff/record.ts", "codex/handOff/settle codex/handOff/handOff", [
    ["another account's login counts as ours", "if (accountIdOf(issuer, claims) !== id) return false;", ""],
    [
      "an older login counts as what the Codex CLI has refreshed",
      "claims.issuedAt === undefined || issuedAt === undefined || claims.issuedAt >= issuedAt",
      "true",
    ],
  ]),
  ...mutantsOf("codex/handOff/recovery.ts", "codex/handOff/interrupted codex/handOff/crash codex/handOff/settle", [
    [
      "a hand-off that was cut off is never settled",
      "this.#settleAll();\n  }\n\n  /** Ends",
      "}\n\n  /** Ends",
      "codex/handOff/recovery",
    ],
  ]),
  ...mutantsOf("editor/codex/import.ts", "editor/codex/import editor/codex/importSource signin/allowedWorkspaces", [
    [
      "a login of any workspace is imported",
      "policy.assertMayStore(credential.tokens);\n    // A login",
      "// A login",
      "editor/endpoints/review",
    ],
    [
      "a login is imported whose workspace was forbidden while the person was asked",
      "// The setting may have changed while the person was asked.\n    policy.assertMayStore(credential.tokens);",
      "",
      "editor/endpoints/review",
    ],
    [
      "an import replaces a sign-in without the Codex CLI's word",
      'await assertMayReplace(this.#dependencies, login, link.codexHome, settings.endpoint("issuer"));',
      "",
      "editor/codex/export",
    ],
    [
      "a link drops a sign-in's refresh token unasked",
      'if (this.#hasSignIn(login)) throw new Problem("loginNotConfirmed");',
      "",
    ],
    [
      "a login is imported to another issuer without a question",
      "await endpoints.permitImport(issuerOf(credential.tokens.idToken) ?? defaultIssuer, issuer);",
      "",
      "editor/endpoints/review",
    ],
    [
      "a file in an open folder is followed",
      "return login && (linkable ? login : { ...login, link: undefined });",
      "return login;",
    ],
  ]),
  ...mutantsOf("editor/codex/authFileBox.ts", "editor/codex/importSource editor/codex/import", [
    ["a pasted login is shown", "password: true", "password: false"],
  ]),
  ...mutantsOf("editor/codex/export.ts", "editor/codex/export", [
    [
      "the Codex CLI's login is replaced without a question",
      'return confirm({ question, detail, no: l10n.t("Keep Login") }, l10n.t("Replace"));',
      "return Promise.resolve(true);",
    ],
    ["a sign-in is handed off without a choice", "else if (answer === handsOver && active)", "else if (active)"],
    ["the Codex CLI's own sign-in is waited for without an end", "login.cancel();\n    });", "});"],
  ]),
  ...mutantsOf("editor/codex/export.ts", "editor/allowedAccounts editor/codex/export", [
    [
      "a sign-in is handed off whose workspace is not allowed",
      "const mayHandOff = hasSignIn && !forbidden;",
      "const mayHandOff = hasSignIn;",
    ],
  ]),
];
