import { type Mutant, mutantsOf } from "./mutant.ts";

/** Where a credential may be sent, and the person's own key. */
export const endpointMutants: readonly Mutant[] = [
  ...mutantsOf("account/endpointPermissions.ts", "account/endpointPermissions account/allowedEndpoints", [
    ["a credential may be sent anywhere", "if (!binding || wanted === undefined) return false;", "return true;"],
    [
      "a credential without an address may be sent anywhere",
      "if (!binding || wanted === undefined) return false;",
      "if (!binding) return true;\n    if (wanted === undefined) return false;",
    ],
    [
      "what was allowed for one credential is allowed for all",
      "name === binding.name && allowed === wanted",
      "allowed === wanted",
    ],
    [
      "what was allowed for one address is allowed for all",
      "name === binding.name && allowed === wanted",
      "name === binding.name",
    ],
    ["an answer that is no yes is one", "=== true;\n    } catch", "!== false;\n    } catch"],
    ["a question is asked several times at once", "if (running) {", "if (running && !again) {"],
    [
      "a question holds its caller up for ever",
      "await waitAtMost(this.#dependencies.clock, answerLimitMs, this.#question(binding, missing, again), signal);",
      "await this.#question(binding, missing, again);",
    ],
    ["what was allowed stays when its credential is gone", "this.#write(kept);", ""],
    [
      "a memory that was tampered with allows more",
      "Array.isArray(stored) ? stored.filter(isAllowed) : []",
      "(stored ?? []) as Allowed[]",
    ],
    [
      "a question that cannot be asked is a yes",
      "return;\n    }\n    log.info",
      "allowed = true;\n    }\n    log.info",
    ],
    ["a refusal is forgotten", "else this.#refused.add(nameOf(binding, address));", ""],
  ]),
  ...mutantsOf("account/endpoints.ts", "account/endpointPermissions account/allowedEndpoints", [
    [
      "tokens of another issuer may be sent to OpenAI",
      "home: name === defaultIssuer ? Object.values(endpointDefaults) : []",
      "home: Object.values(endpointDefaults)",
    ],
    ["an API key's name has the key in it", 'createHash("sha256").update(key).digest("hex").slice(0, 12)', "key"],
  ]),
  ...mutantsOf("account/ownKey.ts", "account/ownKey", [
    ["anything is taken for an API key", "/^(sk|sess)-[\\w-]{8,500}$/.test(text)", 'text !== ""'],
    ["an API key may be as long as anybody likes", "{8,500}", "{8,}"],
    [
      "an unreadable key is overwritten",
      "if (this.#unreadable !== undefined) await this.#secrets.store(setAsideKey, this.#unreadable);",
      "",
    ],
    [
      "a key that reads as missing is gone",
      "if (text === undefined || this.#superseded.has(text)) return;",
      "if (text === undefined) return this.#set(undefined);\n    if (this.#superseded.has(text)) return;",
    ],
    ["an older key is believed", " || this.#superseded.has(text)", ""],
    ["what was kept aside stays when the key is removed", "await deleteSecret(this.#secrets, setAsideKey);", ""],
  ]),
  ...mutantsOf("account/environmentKey.ts", "account/ownKey", [
    [
      "anything in the environment is taken for an API key",
      "key !== undefined && looksLikeApiKey(key) ? key : undefined",
      "key",
    ],
  ]),
  ...mutantsOf("editor/apiKey/environmentKeyOffer.ts", "editor/apiKey/environmentKeyOffer", [
    [
      "the environment's key is adopted without being asked for",
      '  notifications.info(l10n.t("Found',
      '  adopt();\n  notifications.info(l10n.t("Found',
    ],
    ["the environment's key is offered again and again", " || memory.get(offeredKey) === true", ""],
  ]),
  ...mutantsOf("editor/apiKey/ownKeyActions.ts", "editor/apiKey/ownKeyActions", [
    [
      "a new key is sent to any address",
      "if (endpoints.isAllowed(newKeyBinding, apiBaseUrl)) return undefined;",
      'if (apiBaseUrl !== "") return undefined;',
      "editor/endpoints/review",
    ],
    ["a key is typed in clear", "password: true", "password: false"],
    ["a key that was refused is saved", 'if (isProblem(error, "keyRejected")) throw error;', ""],
    [
      "a key that could not be checked is saved without a question",
      'return isWanted ? false : "discarded";',
      "return false;",
    ],
    [
      "a key is removed without a question",
      'if (!(await confirm({ question, detail, no: l10n.t("Keep Key") }, l10n.t("Remove")))) return;',
      "",
    ],
    ["a key that was saved since is removed", "if (ownKey.current?.key !== key) return;", ""],
    ["a key that another window has saved since is removed", "await ownKey.reload();", ""],
    [
      "what was allowed for a key stays when it is replaced",
      "if (before && before.key !== key) endpoints.forget(ownKeyBinding(before.key));",
      "",
      "editor/endpoints/review",
    ],
  ]),
  ...mutantsOf("editor/endpoints/review.ts", "editor/endpoints/review", [
    [
      "a sign-in starts without a question about its address",
      "await this.#dependencies.endpoints.request(accountBinding(issuer), this.#addressesFor(issuer), options);",
      "void options;",
    ],
    [
      "an import is stored without a question about its address",
      'await endpoints.request(accountBinding(from), addresses, { again: true, problem: "signInNotAllowed" });',
      "",
    ],
    ["what was allowed for one import is allowed for all", "if (!others) endpoints.forget(accountBinding(from));", ""],
    ["a review asks nothing", "await this.#dependencies.endpoints.request(binding, addresses, { again: true });", ""],
  ]),
  ...mutantsOf("editor/endpoints/consentDialogs.ts", "editor/endpoints/consentDialogs", [
    ["a host looks like another in a question", "new URL(address).host)", "address.slice(8, 30))"],
  ]),
  ...mutantsOf("openai/apiKeyCheck.ts", "openai/apiKeyCheck", [
    [
      "a portal's 200 says that a key is good",
      "if (!isErrorBody(response.json) && listSchema.safeParse(response.json).success) return;",
      "return;",
    ],
    ["an error with 200 says that a key is good", "!isErrorBody(response.json) && ", ""],
    [
      "a gateway's 401 says that a key is bad",
      "if (response.status === 401 && isRefused)",
      "if (response.status === 401)",
    ],
    ["a key's check waits for half a minute", "timeoutMs: 15_000,", "", "openai/apiKeyCheck / waits 15 s"],
  ]),
  ...mutantsOf("editor/apiKey/ownKeyActions.ts", "editor/questions editor/apiKey/ownKeyActions", [
    [
      "the environment's key is adopted without a question",
      "if (ownKey.current?.key === key || (await this.#mayAdopt(key))) await this.adopt(key);",
      "await this.adopt(key);",
    ],
    ["a key is shown in full in a question", "key: maskKey(key),", "key,"],
  ]),
  ...mutantsOf("editor/accountActions.ts", "editor/questions editor/accountActions", [
    [
      "any extension can sign the person out",
      "if (!isConfirmed && !(await this.#questions.run(id, () => this.#mayEnd(id)))) return;",
      "",
    ],
    [
      "an account is switched to whose workspace is not allowed",
      "if (entry) policy.assertAllowed(entry.account);",
      "",
      "editor/allowedAccounts",
    ],
  ]),
];
