import { type Mutant, mutantsOf } from "./mutant.ts";

/** The listener of a sign-in, and the pages that it serves. */
export const listenerMutants: readonly Mutant[] = [
  ...mutantsOf("oauth/callbackListener.ts", "oauth/callbackListener", [
    [
      "other computers reach the listener",
      `this.#bindAddress("127.0.0.1", port)`,
      `this.#bindAddress("0.0.0.0", port)`,
    ],
    ["other computers reach the listener by IPv6", `this.#bindAddress("::1", port)`, `this.#bindAddress("::", port)`],
    ["another process may share the listener's port", "exclusive: true", "exclusive: false"],
    ["the listener waits for headers without an end", "headersTimeout: headersMs", "headersTimeout: 0"],
    ["the listener waits for a request without an end", "requestTimeout: requestMs", "requestTimeout: 0"],
    [
      "a port is taken on one address while somebody listens on the other",
      "if (!noAddress.includes(errnoOf(error))) throw error;",
      "",
    ],
    ["connections outlive the listener", "server.closeAllConnections();", ""],
  ]),
  ...mutantsOf("oauth/callbackServer.ts", "oauth/callbackServer", [
    [
      "any host that ends like ours is taken for it",
      "host === `${name}:${this.#port}`",
      "host?.endsWith(`${name}:${this.#port}`)",
    ],
    ["any host is taken for ours", "if (!this.#isOurHost(request)) return send(response, pages.badRequest());", ""],
    ["the listener takes any method", `if (request.method !== "GET") return`, `if (request.method === "") return`],
    ["a page may call the listener", "request.headers.origin !== undefined || ", ""],
    [
      "a target may be as long as anybody likes",
      "if (target.length > longestTarget) return",
      "if (target.length > 1e9) return",
    ],

    [
      "a code is handled as often as it comes",
      "this.#outcome ??= this.#handler(read.answer);",
      "this.#outcome = this.#handler(read.answer);",
    ],
    [
      "code and state stay in the address bar",
      'send(response, { status: 302, html: "" }, { Location: `http://localhost:${this.#port}/success` });',
      "this.#sendLast(response, outcome.success);",
    ],
    [
      "there is a success page before a sign-in has succeeded",
      'if (path === "/success" && this.#success) return this.#sendLast(response, this.#success);',
      'if (path === "/success") return this.#sendLast(response, this.#success ?? { status: 200, html: "" });',
    ],
  ]),
  ...mutantsOf("oauth/callbackServer.ts", "oauth/callbackListener", [
    ["any program can fill the log", "if (this.#logged.has(line)) return;", ""],
    [
      "what was sent to the listener is logged",
      "${what}: ${describeError(error)}",
      "${what}: ${(error as Error & { rawPacket?: Buffer }).rawPacket ?? error}",
    ],
  ]),
  ...mutantsOf("oauth/callbackPages.ts", "oauth/callbackPages oauth/callbackGuards", [
    ["the listener's pages may load and run anything", "`default-src 'none'; style-src", "`style-src"],
    ["the listener's pages may be framed", "; frame-ancestors 'none'`", "`"],
    ["the listener's pages may send forms", "; form-action 'none'", ""],
    ["the listener's pages may have another base", "; base-uri 'none'", ""],
    ["an address could end its attribute", `.replaceAll('"', "&quot;")`, ""],
    ["a text could begin a tag", `.replaceAll("<", "&lt;")`, ""],
    ["the page that is linked to learns where from", ` rel="noreferrer"`, ""],
  ]),
  ...mutantsOf("oauth/callbackAnswer.ts", "oauth/callbackServer oauth/callbackGuards", [
    [
      "anything may follow the state",
      "state.endsWith(stateSuffix) ? state.slice(0, -stateSuffix.length) : state",
      `state.split(".")[0] ?? ""`,
    ],
    ["the first of two states counts", " || more.length > 0", ""],
    ["any error counts as the missing entitlement", `error === "access_denied" && `, ""],
  ]),
  ...mutantsOf("oauth/callbackServer.ts", "oauth/callbackServer oauth/callbackTargets", [
    ["a request may name two hosts", "if (more.length > 0) return false;", ""],
    ["a target may be of any form", " || !isPlainPath(target)", ""],
    [
      "a browser that asks ahead uses the one-time address up",
      'if (isPrefetch(headers)) return send(response, { status: 503, html: "" });',
      "",
      "signin/oneTimeAddress oauth/oneTimeAddresses",
    ],
  ]),
  ...mutantsOf("oauth/oneTimeAddresses.ts", "oauth/oneTimeAddresses signin/oneTimeAddress", [
    ["a one-time address works twice", "found.isUsed = true;", ""],
    ["nobody is told that a one-time address was used twice", "found.onUsedAgain();", ""],
    [
      "a one-time address outlives its sign-in",
      "return found?.signal.aborted && !found.isUsed ? undefined : found;",
      "return found;",
    ],
    ["a one-time address can be guessed", "randomBytes(32)", "randomBytes(2)"],
    ["one-time addresses are kept without a limit", ".slice(-mostKept)", ""],
  ]),
  ...mutantsOf("oauth/callbackServer.ts", "oauth/oneTimeAddresses", [
    [
      "an answer counts though its one-time address was used twice",
      "this.#outcome ??= Promise.resolve({ failure: pages.openedTwice() });",
      "",
    ],
    [
      "a one-time address that is used twice takes an answer away that has come before",
      "this.#outcome ??= Promise.resolve({ failure: pages.openedTwice() });",
      "this.#outcome = Promise.resolve({ failure: pages.openedTwice() });",
    ],
  ]),
  ...mutantsOf("signin/oneTimeOpener.ts", "signin/oneTimeAddress", [
    [
      "a sign-in goes on though its one-time address was used twice",
      'onUsedAgain: () => stop(new Problem("openedTwice")),',
      "onUsedAgain: () => {},",
    ],
  ]),
  ...mutantsOf("oauth/peerUser.ts", "oauth/peerUser", [
    ["another user of the computer gets the sign-in page", "user !== ours && ", "false && "],
    ["root's relays are taken for another user", " && user !== root", ""],
    ["the user of another socket counts", "    .filter(({ remote }) => isEnd(remote, localPort, localAddress))\n", ""],
  ]),
  ...mutantsOf("platform/socketTable.ts", "oauth/peerUser", [
    ["another user gets the sign-in page by an IPv6 socket", '["tcp", "tcp6"]', '["tcp"]'],
    [
      "another user gets the sign-in page while the table of sockets cannot be read",
      '["ENOENT", "EACCES"].includes(errnoOf(error) ?? "")',
      "errnoOf(error)",
    ],
    [
      "the user of another address's socket counts",
      "addressIn(end.slice(0, -ending.length)) === plain(address)",
      "true",
    ],
    ["an IPv4 address that an IPv6 socket has reached is another one", '.replace(/^::ffff:(?=\\d+\\.)/, "")', ""],
    ["each request reads the table of sockets", "if (next) return next;", ""],
    [
      "a request is looked up in a table of sockets that is older",
      "    next = undefined;\n    return readTables();",
      "    return readTables().finally(() => {\n      next = undefined;\n    });",
    ],
  ]),
  ...mutantsOf("oauth/callbackServer.ts", "oauth/peerUser", [
    [
      "any request reads the table of sockets",
      "if (!this.#oneTime.has(path)) return this.#refuseUnknown(response);",
      "",
    ],
    ["a client that is gone uses the one-time address up", "if (response.destroyed) return;", ""],
  ]),
  ...mutantsOf("oauth/callbackResponse.ts", "oauth/callbackServer", [
    ["pages are sent without a policy", '    "Content-Security-Policy": contentSecurityPolicy,\n', ""],
    ["pages are stored", '"no-store"', '"max-age=60"'],
    ["pages tell others their address", '    "Referrer-Policy": "no-referrer",\n', ""],
    ["a browser may guess a page's type", '    "X-Content-Type-Options": "nosniff",\n', ""],
    ["a page of another origin keeps a handle on ours", '    "Cross-Origin-Opener-Policy": "same-origin",\n', ""],
  ]),
  ...mutantsOf("oauth/callbackListener.ts", "oauth/callbackClients oauth/callbackListener", [
    ["the listener's time limits are enforced every half a minute", "connectionsCheckingInterval: checkMs, ", ""],
    [
      "a client may hold as many connections as it likes",
      "if (this.#silent.size > this.#limits.silentConnections) oldest?.destroy();",
      "",
    ],
    [
      "a flood of connections ends a browser's before its request",
      "silentConnections: 1_024",
      "silentConnections: 256",
    ],
    ["a flood of connections keeps a browser out", "oldest?.destroy();", "socket.destroy();"],
  ]),
  ...mutantsOf("oauth/callbackAnswer.ts", "oauth/callbackServer oauth/callbackGuards", [
    ["any state is taken", "return one.length === other.length && timingSafeEqual(one, other);", "return true;"],
    [
      "a state is compared by its length",
      "return one.length === other.length && timingSafeEqual(one, other);",
      "return one.length === other.length;",
    ],
    ["states are not compared in constant time", "timingSafeEqual(one, other)", "one.equals(other)"],
    [
      "an answer of another sign-in is taken",
      'if (!isOurState(query, expected.state)) return { refused: "otherState" };',
      "",
    ],
    ["a parameter may come twice", 'if (hasDuplicates(query)) return { refused: "duplicates" };', ""],
    [
      "an answer of another issuer is taken",
      'if (!isOurIssuer(query, expected.issuer)) return { refused: "otherIssuer" };',
      "",
      "oauth/callbackServer oauth/callbackAnswer signin/pasteLink",
    ],
  ]),
];
