import { type Mutant, mutantsOf } from "./mutant.ts";

/** Requests with a credential, and what their answers mean. */
export const openaiMutants: readonly Mutant[] = [
  ...mutantsOf("openai/backend.ts", "openai/endpoints", [
    [
      "a ChatGPT credential is sent to any address",
      "headers(credential, request) {\n      assertAllowed(credential, base);",
      "headers(credential, request) {",
    ],
    [
      "an API key is sent to any address",
      "headers(credential) {\n      assertAllowed(credential, base);",
      "headers(credential) {",
    ],
    [
      "a request does not name its workspace",
      'if (credential.workspaceId) headers["ChatGPT-Account-ID"] = credential.workspaceId;',
      "",
    ],
  ]),
  ...mutantsOf("openai/authorizedCall.ts", "openai/endpoints openai/request openai/usage openai/models", [
    [
      "a refused credential is sent again and again",
      "if (second instanceof Refusal) throw second.problem;",
      "if (second instanceof Refusal) return authorizedCall(credentials, credentials.rejected(first), send);",
    ],
    [
      "a doubtful refusal ends a login",
      'if (refusal.isDoubtful && isProblem(error, "keyRejected", "notYetAccepted")) throw refusal.problem;',
      "",
    ],
  ]),
  ...mutantsOf("openai/request.ts", "openai/request openai/requestEnd openai/stream", [
    [
      "a redirect takes a credential and a conversation anywhere",
      'redirect: "error"',
      'redirect: "follow"',
      "openai/endpoints",
    ],
    ["a person reads half an answer twice", "if (this.#isShown) throw problem;", ""],
    ["a failing service is asked again for ever", " || this.#retries >= retryLimit", ""],
    ["a refusal is tried again", "!passing.has(outcome.code) || ", ""],
    [
      "tries again come without a pause",
      "await delay(clock, retryBaseMs * 2 ** this.#retries * (0.75 + random() / 2), this.#request.signal);",
      "",
    ],
    ["a silent connection is waited for without an end", "(limit) => connection.abort(new Problem(limit))", "() => {}"],
    [
      "a request goes on after Stop",
      "const onAbort = () => connection.abort(signal.reason);",
      "const onAbort = () => {};",
    ],
    [
      "an error's body may be as long as it likes",
      'readJsonText(reader, new TextDecoder(), "", undefined, errorBodyLimit)',
      'readJsonText(reader, new TextDecoder(), "", undefined, 1e12)',
      "openai/errorBody",
    ],
    [
      "an error's connection stays open",
      "    limit.dispose();\n    reader.cancel().catch(() => {});",
      "    limit.dispose();",
      "openai/errorBody",
    ],
  ]),
  ...mutantsOf("openai/stream.ts", "openai/stream openai/limits openai/undeclaredBody openai/responses", [
    ["a socket stays open behind an answer that nobody reads", "else reader.cancel().catch(() => {});", ""],
    [
      "a page is read as an answer",
      'if (this.#detector.form === "page") throw new Problem("unreadableAnswer", "a page");',
      "",
    ],
  ]),
  ...mutantsOf("openai/responseEvents.ts", "openai/events openai/responses openai/stream", [
    ["a tool is called twice", " || this.#calls.has(callId)", ""],
    [
      "a tool gets arguments that are no object",
      "asRecord(parseJson(item.arguments))",
      "(parseJson(item.arguments) as object)",
    ],
  ]),
  ...mutantsOf("openai/failures.ts", "openai/failureStatus openai/limitSentences openai/events openai/undeclaredBody", [
    [
      "free text of the service gets into the log as a code",
      'return /^[a-z][\\w.]{0,63}$/.test(code) ? ` ${code}` : "";',
      "return ` ${code}`;",
      "openai/errorBody",
    ],

    ["a page with 401 refuses the credential", "status === 401 && !page", "status === 401", "openai/readLimits"],
    [
      "a failing service refuses the credential",
      "known ? status < 500 : status",
      "known ? true : status",
      "openai/readLimits",
    ],
    [
      "a captive portal counts as a model's answer",
      'if (status === 511) return new Problem("networkSignIn", detail);',
      "",
    ],
    [
      "a limit ends at a time that is over",
      "isAhead ? plausibleReset(resetsAt, now) : undefined",
      "resetsAt",
      "openai/readLimits",
    ],
    [
      "anything with 401 is certain to refuse the credential",
      "refusal(source, !isInServicesWords(response, error))",
      "refusal(source, false)",
      "openai/readLimits",
    ],
  ]),
  ...mutantsOf("openai/modelCatalogue.ts", "openai/models openai/endpoints", [
    [
      "a list of models may be as long as it likes",
      "url: backend.modelsUrl, timeoutMs, maxBytes, etag",
      "url: backend.modelsUrl, timeoutMs, maxBytes: 1e12, etag",
      "openai/readLimits",
    ],
    [
      "a list of models is waited for without an end",
      "url: backend.modelsUrl, timeoutMs, maxBytes",
      "url: backend.modelsUrl, timeoutMs: 1e9, maxBytes",
      "openai/readLimits",
    ],
    [
      "several requests ask for the same models",
      "this.#asking.get(key) ?? this.#ask(backend, credential, key, kept)",
      "this.#ask(backend, credential, key, kept)",
    ],
    ["the models of an account stay after its sign-out", "if (this.#isGone(account)) this.#kept.delete(key);", ""],
    [
      "a list that comes after a sign-out is kept",
      "if (!this.#isGone(fetched.account)) this.#kept.set(key, fetched);",
      "this.#kept.set(key, fetched);",
    ],
    [
      "an account gets another one's models",
      "${credential.account ?? credential.workspaceId ?? credential.bearer}",
      "all",
    ],
    [
      "who is signed out goes on seeing models",
      "if (kept && !isSignedOut(error)) return kept.models;",
      "if (kept) return kept.models;",
    ],
  ]),
  ...mutantsOf("openai/usageMeter.ts", "openai/usage openai/endpoints", [
    [
      "the usage is waited for without an end",
      "{ backend, credential, url, timeoutMs }",
      "{ backend, credential, url, timeoutMs: 1e9 }",
      "openai/readLimits",
    ],
    [
      "the usage may be as long as it likes",
      "{ backend, credential, url, timeoutMs }",
      "{ backend, credential, url, timeoutMs, maxBytes: 1e12 }",
      "openai/readLimits",
    ],
    [
      "the usage of another account is shown",
      "if (generation === this.#generation) this.note(usage);",
      "this.note(usage);",
    ],
    [
      "several requests ask for the usage at once",
      "this.#reading ??= this.#readOnce",
      "this.#reading = this.#readOnce",
    ],
  ]),
  ...mutantsOf("openai/usage.ts", "openai/usage", [
    ["a percentage may be more than a hundred", "Math.min(100, Math.max(0, used))", "used"],
  ]),
  ...mutantsOf("openai/responses.ts", "openai/responses", [
    [
      "the service stores what is asked",
      "    store: false,\n    stream: true,\n    prompt_cache_key",
      "    store: true as false,\n    stream: true,\n    prompt_cache_key",
    ],
  ]),
  ...mutantsOf("openai/silenceTimer.ts", "openai/requestEnd openai/stream openai/request", [
    [
      "an answer that comes slowly counts as silent",
      "this.#lastReset = this.#clock.elapsed();\n  }\n\n  dispose",
      "}\n\n  dispose",
    ],
  ]),
  ...mutantsOf("openai/request.ts", "openai/endlessBody openai/requestEnd", [
    [
      "an error's body is waited for without an end",
      "const limit = clock.after(errorBodyMs, () => void reader.cancel().catch(() => {}));",
      "const limit = clock.after(errorBodyMs, () => {});",
    ],
  ]),
  ...mutantsOf("openai/bodyForm.ts", "openai/endlessBody", [
    [
      "an error in place of an answer is read further than its beginning",
      "const strayBodyLimit = 64 * 1024;",
      "const strayBodyLimit = 1024 * 1024;",
    ],
  ]),
  ...mutantsOf("openai/stream.ts", "openai/endlessBody", [
    ["an event may be as long as it likes", "maxBufferSize: eventLimitCharacters,", ""],
    [
      "an answer may be as long as it likes",
      'if (this.#leftBytes < 0) throw new Problem("unreadableAnswer", "an answer without an end");',
      "",
    ],
  ]),
];
