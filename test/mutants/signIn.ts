import { type Mutant, mutantsOf } from "./mutant.ts";

/** One sign-in: what is sent to the issuer, which answers count, and how it ends. */
export const signInMutants: readonly Mutant[] = [
  ...mutantsOf("oauth/pkce.ts", "oauth/pkce", [
    ["the challenge is the verifier", `createHash("sha256").update(codeVerifier).digest("base64url")`, "codeVerifier"],
    ["a verifier is short", "randomBytes(64)", "randomBytes(8)"],
    ["a state is short", "randomBytes(32)", "randomBytes(4)"],
    ["a state is not random", `randomBytes(32).toString("base64url")`, `Buffer.alloc(32).toString("base64url")`],
    ["a verifier is not random", `randomBytes(64).toString("base64url")`, `Buffer.alloc(64).toString("base64url")`],
  ]),
  ...mutantsOf("oauth/authorizationRequest.ts", "signin/signIn signin/allowedWorkspaces", [
    ["the issuer may be asked without S256", `code_challenge_method: "S256"`, `code_challenge_method: "plain"`],
    ["the request has no state", "    state: request.state,\n", ""],
    [
      "an id of a workspace may be anything",
      "request.allowedWorkspaces?.filter((id) => plainId.test(id)) ?? []",
      "request.allowedWorkspaces ?? []",
    ],
    [
      "another account is signed in to without being asked for",
      `if (request.chooseAccount) query.set("prompt", "login");`,
      "",
    ],
  ]),
  ...mutantsOf("signin/signIn.ts", "signin/issuerIdentifier", [
    [
      "an issuer's identifier loses its slash",
      "const identifier = this.#dependencies.issuer();",
      "const identifier = withoutTrailingSlashes(this.#dependencies.issuer());",
    ],
    [
      "an issuer is another one with a slash at its end",
      "const issuer = withoutTrailingSlashes(identifier);",
      "const issuer = identifier;",
    ],
  ]),
  ...mutantsOf("oauth/issuer.ts", "signin/issuerIdentifier oauth/issuer", [
    ["an issuer's addresses have two slashes", "`${withoutTrailingSlashes(issuer)}${path}`", "`${issuer}${path}`"],
  ]),
  ...mutantsOf("account/endpoints.ts", "account/allowedEndpoints", [
    [
      "an identifier is taken without its slash",
      "return address + given.slice(withoutTrailingSlashes(given).length);",
      "return address;",
    ],
    ["OpenAI's identifier gets a slash", "if (address === defaultIssuer) return address;", ""],
  ]),
  ...mutantsOf("signin/signInPage.ts", "signin/pasteLink", [
    ["a pasted query is of any port that was opened", "others.length === 0 ? only : undefined", "only"],
  ]),
  ...mutantsOf("signin/paste.ts", "signin/pasteLink", [
    [
      "a pasted address of another sign-in is taken",
      "const read = readCallback(query, { state, issuer });",
      'const read = readCallback(query, { state: query.get("state") ?? "", issuer });',
    ],

    [
      "a pasted address may be as long as anybody likes",
      'if (trimmed.length > longestLink) throw new Problem("pasteNotAnAddress");',
      "",
    ],
    ["a pasted address may be of any host", "isLoopback(hostname) && ", ""],
    ["a pasted address may be of any port", "redirectPorts.includes(Number(port)) && ", ""],
    ["a pasted address may have any path", " && pathname === callbackPath", ""],
    ["a pasted address may have any scheme", `protocol === "http:" && `, ""],
    ["a pasted address may have an invisible character", "/[\\s\\p{Cf}]+/gu", "/\\s+/g"],
    ["a bracket of an IPv6 address is taken off", '!text.startsWith("[::1]", at)', "true"],
  ]),
  ...mutantsOf("signin/paste.ts", "signin/pasteLinkParts", [
    [
      "the sign-in page's address is taken for a redirect",
      'if (isOfIssuer(text, issuer)) throw new Problem("pasteSignInPage");',
      "",
    ],
    [
      "the sign-in page's address without its scheme is taken for a redirect",
      'if (isOfIssuer(local, issuer)) throw new Problem("pasteSignInPage");',
      "",
    ],
    ["a pasted code loses what it ends with", "(?:^|[?&])state=", "(?:^|[?&])(?:state|code)="],
  ]),
  ...mutantsOf("signin/signInPage.ts", "signin/lateAnswer", [
    [
      "free text of the issuer gets into the log as an error code",
      "/^[\\w.-]{1,64}$/.test(answer.error)",
      "answer.error",
    ],
  ]),
  ...mutantsOf("oauth/deviceAuthorization.ts", "signin/deviceCodeAnswers signin/deviceCode", [
    [
      "a device code may be any text",
      "z.string().check(z.regex(/^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/), z.maxLength(32))",
      "z.string()",
    ],
    [
      "a device code may be long",
      "z.regex(/^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/), z.maxLength(32)",
      "z.regex(/^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/)",
    ],
    ["the issuer is asked as often as it says", "Math.max(ms, shortestIntervalMs)", "ms"],
    [
      "an issuer may let a person wait for hours",
      "Math.min(Math.max(ms, shortestIntervalMs), longestIntervalMs)",
      "Math.max(ms, shortestIntervalMs)",
    ],
    ["a code is approved with an error", "isSuccess(response) && error === undefined)", "isSuccess(response))"],
    [
      "a refusal does not end the wait for a device code",
      `if (isAnswer && error === "access_denied")`,
      `if (isAnswer && error === "never")`,
    ],
    [
      "a code that has expired is asked for again and again",
      `if (isAnswer && error === "expired_token")`,
      `if (isAnswer && error === "never")`,
    ],
    [
      "a failing service ends the wait for a device code",
      "isSuccess(response) || (response.status >= 400 && response.status < 500)",
      "true",
    ],
    ["a protection page counts as pending", " && !isPage(response)", ""],
    ["a region that is not supported counts as pending", ` && !error?.startsWith("unsupported_country")`, ""],
    ["an issuer may ask for a pause of hours", "Math.min(seconds * 1000, longestIntervalMs)", "seconds * 1000"],
    [
      "a gateway's 401 ends the wait for a device code",
      "response.status === 401 && !isServiceError(response.json)",
      "false",
    ],
  ]),
  ...mutantsOf("signin/deviceCode.ts", "signin/deviceCode signin/deviceCodeAnswers", [
    [
      "the issuer is asked after the code has expired",
      "if (clock.elapsed() >= this.#deadline)",
      "if (clock.elapsed() < 0)",
      "signin/lateAnswer",
    ],
    [
      "asking goes on after the sign-in has ended",
      "AbortSignal.any([signal, disposed.signal])",
      "new AbortController().signal",
    ],
    [
      "an issuer that says slow_down is asked as often as before",
      "Math.min(this.#interval + slowDownMs, longestPauseMs)",
      "this.#interval",
    ],
    [
      "a protection page that stays is asked for again and again",
      "if (this.#blocks >= blocksBeforeFailure) throw error;",
      "",
    ],
    [
      "the issuer's failure is asked about as often as before",
      "return backoff(pauses, this.#failures);",
      "return this.#interval;",
    ],
    ["the issuer's pause is not kept", "Math.max(this.#interval, answer.retryAfterMs ?? 0)", "this.#interval"],
  ]),
  ...mutantsOf("signin/attempt.ts", "signin/failures / ends after 10 minutes", [
    [
      "a sign-in waits for its answer without an end",
      `() => this.#stop(this.flows.trouble ?? new Problem("timedOut"))`,
      "() => {}",
    ],
    ["the answer window is shorter", "const timeLimitMs = 10 * 60_000;", "const timeLimitMs = 2 * 60_000;"],
    [
      "Cancel ends a sign-in that is being stored",
      `if (this.#work === "saving") return;`,
      "",
      "signin/completion / comes too late",
    ],
  ]),
  ...mutantsOf("signin/attempt.ts", "signin/deviceCode", [
    ["a device code outlives its sign-in", "this.#endsAt = this.flows.expiresAt;", ""],
  ]),
  ...mutantsOf("signin/browser.ts", "signin/signIn signin/endings signin/completion", [
    [
      "the browser is told of success before the credential is stored",
      "const { needsPlatformSetup, issuer } = await outcome;",
      'const { needsPlatformSetup, issuer } = { needsPlatformSetup: false, issuer: "https://auth.openai.com" };\n    outcome.catch(() => {});',
    ],
    [
      "the port stays taken until a browser has read its last page",
      "await Promise.race([server.shown, promise]);",
      "await server.shown;",
    ],
  ]),
  ...mutantsOf("signin/completion.ts", "signin/completion signin/allowedWorkspaces account/discardedSignIn", [
    [
      "an answer that comes too late is redeemed",
      '    signal.throwIfAborted();\n    attempt.enter("redeeming");',
      '    attempt.enter("redeeming");',
      "signin/lateAnswer",
    ],
    [
      "a cancelled sign-in is stored",
      "    signal.throwIfAborted();\n    this.#check(tokens);",
      "    this.#check(tokens);",
    ],
    [
      "tokens that name nobody are stored",
      `if (accountIdIn("", tokens) === undefined) throw new Problem("noAccountNamed");`,
      "",
    ],
    [
      "any workspace may be signed in to",
      "new WorkspacePolicy(this.#dependencies.allowedWorkspaces).assertMayStore(tokens);",
      "",
    ],
    [
      "a sign-in that is not kept is not revoked",
      "this.#discard(accountIdIn(issuer, tokens), { issuer, refreshToken: tokens.refreshToken });",
      "",
    ],
    ["a token is revoked that an account has", "if (!this.#isInUse(token)) void this.#track(", "void this.#track("],
    [
      "a sign-in is said to have failed because of what follows it",
      "this.#dependencies.log.error(`What follows a sign-in failed: ${describeError(error)}`);",
      "throw error;",
    ],
    [
      "the token of a sign-in that names nobody is lost with its window",
      "this.#dependencies.discard(id, token)",
      "this.#dependencies.discard(id === unnamedId ? (undefined as unknown as string) : id, token)",
    ],
    [
      "a refresh token of an unusable answer is not revoked",
      "if (error instanceof IncompleteTokens) this.#discard(undefined, { issuer, refreshToken: error.refreshToken });",
      "",
    ],
    [
      "a shutdown does not wait for a sign-in that is being stored",
      "while (this.#running.size > 0) await Promise.allSettled(this.#running);",
      "",
      "signin/lateAnswer",
    ],
  ]),
  ...mutantsOf("signin/runningFlows.ts", "signin/permission signin/switching signin/ports", [
    [
      "a flow starts before the person has allowed its address",
      "this.#permitted\n      .then(() => startFlow(name, this.#context))",
      "Promise.resolve()\n      .then(() => startFlow(name, this.#context))",
    ],
    [
      "a flow that has failed ends one that can still bring the answer",
      "if (isFinal || !other) {",
      "if (isFinal || other) {",
    ],
    ["flows outlive their sign-in", "(flow) => flow.dispose(),\n        () => {},", "() => {},\n        () => {},"],
    [
      "the issuer's refusal does not end the sign-in",
      "const isFinal = isProblem(error, ...finalProblems);",
      "const isFinal = false;",
      "signin/endings / is that of all flows",
    ],
  ]),
  ...mutantsOf("signin/hostEnvironment.ts", "signin/firstFlow editor/signIn/flowChoice", [
    [
      "a command for a terminal has any text as the name of a computer",
      "names.find((each) => /^[A-Za-z0-9][\\w.-]*$/.test(each))",
      "names[0]",
    ],
    ["a browser anywhere is taken to reach the listener", "!web || (host !== undefined && isLoopback(host))", "true"],
  ]),
  ...mutantsOf("signin/portOwner.ts", "signin/ports", [
    ["a listener may answer as much as it likes", "if (text.length > longestAnswer) response.destroy();", ""],
  ]),
  ...mutantsOf("signin/processOnPort.ts", "signin/ports", [
    ["a program's name may be any text", "/^[\\w.-]{1,40}$/.test(program)", "program"],
  ]),
  ...mutantsOf("editor/signIn/signedInReport.ts", "editor/signIn/signedInReport", [
    ["an email may be a link in a notification", "email === undefined || !isPlainEmail(email)", "email === undefined"],
    ["a plan may be a link in a notification", "plan === undefined || !isPlainName(plan)", "plan === undefined"],
  ]),
  ...mutantsOf("editor/signIn/authModeSwitch.ts", "editor/signIn/authModeSwitch", [
    [
      "a setting that cannot be written holds a sign-in up",
      "await Promise.race([written, delay(clock, patienceMs, waited.signal).catch(() => {})]);",
      "await written;",
    ],
  ]),
  ...mutantsOf("editor/signIn/openPage.ts", "editor/signIn/openPage", [
    ["the clipboard is read in a browser", 'if (vscode.env.uiKind === vscode.UIKind.Web) return "notOpened";', ""],
  ]),
  ...mutantsOf("editor/signIn/flowChoice.ts", "editor/signIn/flowChoice", [
    [
      "another program's sign-in is ended without the person's choice",
      "if (chosen !== stop || !foreign) return flows.get(chosen);",
      "if (!foreign) return flows.get(chosen);",
    ],
  ]),
];
