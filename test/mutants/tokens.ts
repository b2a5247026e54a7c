import { type Mutant, mutantsOf } from "./mutant.ts";

/** What the issuer answers, and what follows from it. */
export const tokenMutants: readonly Mutant[] = [
  ...mutantsOf("oauth/oauthError.ts", "oauth/tokenEndpoint oauth/refusedRefresh oauth/revocation", [
    [
      "free text of a server counts as an error code",
      "/^[\\w.-]{1,64}$/.test(code) ? code.toLowerCase()",
      'code !== "" ? code.toLowerCase()',
    ],
    ["the id of a request may be any text", "id && /^[\\w-]{1,64}$/.test(id)", "id"],
    [
      "a gateway's error counts as the service's",
      `typeof error?.message === "string" && typeof error.type === "string"`,
      "error !== undefined",
    ],
    ["an overloaded service counts as a refusal", "code !== undefined && passing.has(code)", "false"],
    ["a captive portal counts as the service", `if (status === 511) return "networkSignIn";`, ""],
    ["an error with a status of success is none", "status < 300 && code !== undefined", "false"],
  ]),
  ...mutantsOf("oauth/tokenEndpoint.ts", "oauth/tokenEndpoint oauth/tokenRequests oauth/refusedRefresh", [
    ["a token may have characters that a header cannot", "refreshToken.check(z.refine(isHeaderValue))", "refreshToken"],
    [
      "a token may be as long as anybody likes",
      "z.string().check(z.minLength(1), z.maxLength(64 * 1024))",
      "z.string().check(z.minLength(1))",
    ],
    [
      "an empty token is one",
      "z.string().check(z.minLength(1), z.maxLength(64 * 1024))",
      "z.string().check(z.maxLength(64 * 1024))",
    ],
    ["the verifier is not sent", "        code_verifier: grant.codeVerifier,\n", ""],
    [
      "an unusable answer to a code loses its refresh token",
      "throw new IncompleteTokens(given.refresh_token);",
      "",
      "signin/completion",
    ],
    [
      "any 401 ends a login",
      "status === 401 && (isServiceError(json) || namesDeadToken(json, code))",
      "status === 401",
    ],
    [
      "an ambiguous code of a gateway ends a login",
      "(ambiguousRefusals.has(code) && hasMessage)",
      "ambiguousRefusals.has(code)",
    ],
    [
      "an overloaded service ends a login",
      "if (isPassing(code)) return undefined;\n  const isRefused = status",
      "const isRefused = status",
    ],
    [
      "a code of the issuer ends a login whatever its status",
      "named && (status === 400 || status === 401 || status === 403)",
      "named",
    ],
    [
      "the codes of the issuer do not end a login",
      "const named = code === undefined ? undefined : rejections.get(code);",
      "const named = undefined as RefreshRejection | undefined;",
    ],
    ["invalid_grant does not end a login", ` || (status === 400 && code === "invalid_grant")`, ""],
    [
      "an error with a status of success has refreshed the tokens",
      "const isError = isErrorBody(response.json);",
      "const isError = false;",
    ],
    [
      "a new refresh token that comes with an error is lost",
      "if (failure && !refresh_token) throw failure;",
      "if (failure) throw failure;",
    ],
    [
      "a portal's 403 is a refusal of the issuer",
      "!isOwn && (status < 300 || status === 401 || status === 403)",
      "false",
    ],
  ]),
  ...mutantsOf("oauth/revocation.ts", "oauth/revocation", [
    ["the issuer is not told what kind of token to revoke", `, token_type_hint: "refresh_token"`, ""],
    ["a page says that a token was revoked", "!isPage(response) && ", ""],
    ["an error says that a token was revoked", "!isErrorBody(json) && ", ""],
    ["a portal says that a token was revoked", " && !isPortals(response)", ""],
    ["a revocation waits without an end", "    timeoutMs,\n", "    timeoutMs: 1e9,\n"],
    [
      "a gateway's refusal ends the tries to revoke",
      "const isFinal = isDead || isOwn || (code !== undefined && finalCodes.has(code));",
      "const isFinal = true;",
    ],
    ["a passing failure ends the tries to revoke", "if (isPassing(code)) return undefined;", ""],
    ["a gateway's 401 ends the tries to revoke", "(status === 401 && isOwn)", "status === 401"],
    [
      "a 403 that names no dead token ends the tries to revoke",
      "(status === 403 && isOwn && isDead)",
      "(status === 403 && isOwn)",
    ],
  ]),
  ...mutantsOf("oauth/claims.ts", "oauth/claims", [
    [
      "claims are read from a token of any length",
      "if (token.length > longestToken) return undefined;\n  const parsed",
      "const parsed",
    ],
    ["a claim may be as long as anybody likes", "z.minLength(1), z.maxLength(320)", "z.minLength(1)"],
    ["a claim of the wrong type costs the sign-in", "z.catch(z.optional(schema), undefined)", "z.optional(schema)"],
  ]),
  ...mutantsOf("oauth/clockOffset.ts", "oauth/clockOffset", [
    [
      "a proxy's wrong clock counts as the issuer's",
      "const isSoonAfter = (time: number) => time >= issuedAt && time <= latest;",
      "const isSoonAfter = (_time: number) => true;",
    ],
    ["a file that somebody has edited sets the clock", "then <= dayMs ? then : issuedAtMs - now", "then"],
  ]),
  ...mutantsOf("account/mergeTokens.ts", "account/mergeTokens", [
    [
      "a refresh may bring another account's tokens",
      "isOther(named?.workspaceId, claims.workspaceId) ||\n      isOther(named?.userId, claims.userId)",
      "false",
    ],
    [
      "a refresh may bring another person's tokens",
      "isOther(named?.workspaceId, claims.workspaceId) ||\n      isOther(named?.userId, claims.userId)",
      "isOther(named?.workspaceId, claims.workspaceId)",
    ],
    [
      "a refresh may bring another workspace's tokens",
      "isOther(named?.workspaceId, claims.workspaceId) ||\n      isOther(named?.userId, claims.userId)",
      "isOther(named?.userId, claims.userId)",
    ],
    [
      "an ID token that names nobody replaces one that does",
      "isReadable(answered.idToken) && namesAsMuch(merged, claims)",
      "true",
    ],
    [
      "the person's id is not compared by what an ID token names",
      `["workspaceId", "userId", "email"] as const`,
      `["workspaceId"] as const`,
    ],
  ]),
  ...mutantsOf("account/replacedTokens.ts", "account/lostLists", [
    [
      "a list of tokens whose store was lost counts as stored",
      "else await this.#secrets.store(keyOf(id), next);",
      "else return await this.#secrets.store(keyOf(id), next), { tokens, hasNew: true };",
    ],
    [
      "a list of tokens that is stored late stays",
      "throw afterLateWrite(error, () => this.#change(id, []));",
      "throw error;",
    ],
    [
      "a list of tokens whose deletion was lost counts as deleted",
      "if (next === undefined) await deleteSecret(this.#secrets, keyOf(id));",
      "if (next === undefined) return await deleteSecret(this.#secrets, keyOf(id)), { tokens, hasNew: false };",
    ],
  ]),
];
