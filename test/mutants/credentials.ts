import { type Mutant, mutantsOf } from "./mutant.ts";

/** Records of accounts, and what callers get of a credential. */
export const credentialMutants: readonly Mutant[] = [
  ...mutantsOf("account/credentialSource.ts", "account/credentialSource account/ownKeyAndLogin", [
    [
      "a refused token that has just been issued is refreshed",
      'if (Math.abs(clock.now() - receivedAt) < settleMs) throw new Problem("notYetAccepted");',
      "",
    ],
    [
      "a token is refreshed although another window has a newer one",
      "if (tokens.accessToken !== refused.bearer) return this.#bearerOf(await this.#fresh.freshen(current));",
      "",
    ],
    ["a refused key is tried again", 'if (current.bearer === refused.bearer) throw new Problem("keyRejected");', ""],
    [
      "the environment's key is used silently",
      "const credential = isOwn ? this.#ownKey() : this.#derivedKey();",
      "const env = process.env.OPENAI_API_KEY;\n    const credential = (isOwn ? this.#ownKey() : this.#derivedKey()) ?? (env ? { bearer: env } : undefined);",
      "account/ownKeyAndLogin",
    ],
    ["a token stays in memory after a sign-out", "accounts.onDidChange(() => this.forget());", ""],
    ["a removed key stays in memory", "ownKey.onDidChange(() => this.forget());", ""],
    [
      "the key of the other mode is used",
      'const isOwn = authMode() === "apiKey";\n    await (isOwn',
      "const isOwn = authMode() !== undefined;\n    await (isOwn",
    ],
  ]),
  ...mutantsOf("account/credential.ts", "account/maskKey account/credential", [
    [
      "an own key is shown in full",
      "key.length >= 20 && /^[\\w-]{4}$/.test(end) ? `${prefix}…${end}` : `${prefix}…`",
      "key",
    ],
    ["more of an own key is shown", "key.slice(-4)", "key.slice(-8)"],
    ["half of a short key is shown", "key.length >= 20 && ", ""],
    ["the end of a key may be any text", " && /^[\\w-]{4}$/.test(end)", ""],
    [
      "an account's id may be any text",
      "id: z.string().check(z.regex(/^[0-9a-f]{16}$/))",
      "id: z.string()",
      "account/accountIdentity",
    ],
    [
      "a record that cannot be read again is stored",
      'if (!readRecord(JSON.parse(text))) throw new Problem("saveFailed", "not a valid record");',
      "",
    ],
    [
      "a record of a newer version is taken for a damaged one",
      'if (typeof record.version === "number" && record.version > credentialVersion) return { status: "newer" };',
      "",
      "account/accountIdentity",
    ],
    [
      "a linked record may keep a refresh token",
      "tokens: z.object({ idToken: token, accessToken: headerToken, refreshToken: absent })",
      "tokens: z.object({ idToken: token, accessToken: headerToken, refreshToken: z.optional(token) })",
      "account/accountIdentity",
    ],
    [
      "two people of one workspace are one account",
      'claims.userId ?? claims.email ?? "", ',
      "",
      "account/accountIdentity",
    ],
    ["one person's workspaces are one account", ', claims.workspaceId ?? ""]', "]", "account/accountIdentity"],
    [
      "tokens that name nobody name an account",
      "userId !== undefined || email !== undefined",
      "true",
      "account/accountIdentity",
    ],
  ]),
  ...mutantsOf("account/allowedWorkspaces.ts", "account/workspacePolicy editor/vscode/settings", [
    [
      "a login without the claim passes any restriction to workspaces",
      "!!workspaceId && allowed.some(",
      "!workspaceId || allowed.some(",
    ],
    [
      "a slip in a list of workspaces lifts the restriction",
      'setting.map((id) => (typeof id === "string" ? id.trim() : ""))',
      'setting.filter((id) => typeof id === "string" && id.trim() !== "")',
    ],
    ["a value that is no list lifts the restriction to workspaces", 'setting === undefined ? [] : [""]', "[]"],
  ]),
  ...mutantsOf("account/credentialSource.ts", "account/workspacePolicy editor/allowedAccounts", [
    ["a refused token is replaced whose workspace is not allowed", "policy.assertAllowed(current.account);", ""],
    [
      "a remembered credential outlives its permission",
      "if (forbidden) return Promise.reject(forbidden);",
      "",
      "account/credentialSource",
    ],
    [
      "a token is used whose workspace was forbidden while it was refreshed",
      "this.#dependencies.policy.assertAllowed(fresh.account);",
      "",
    ],
    [
      "an account that is not allowed keeps its next refresh waiting",
      "policy.assertAllowed(entry.account);",
      "",
      "account/credentialSource",
    ],
    [
      "a credential is sent whose workspace is not allowed any longer",
      "if (account !== undefined) policy.assertAllowed(accounts.entry(account)?.account ?? { workspaceId });",
      "",
    ],
  ]),
  ...mutantsOf("openai/module.ts", "openai/request", [
    ["a request is sent again whose account was forbidden meanwhile", "credentials.assertUsable(credential);", ""],
  ]),
  ...mutantsOf("account/followUp/derivedKey.ts", "editor/allowedAccounts", [
    ["a key is made for a workspace that is not allowed", "this.#dependencies.policy.assertAllowed(account);", ""],
  ]),
];
