import { type Mutant, mutantsOf } from "./mutant.ts";

/** HTTP, the log, addresses, locks and files. */
export const platformMutants: readonly Mutant[] = [
  ...mutantsOf("platform/httpClient.ts", "platform/httpClient network/network", [
    ["redirects are followed anywhere", "maxRedirects: 0", "maxRedirects: 5"],
    ["the environment's proxy is used beside VS Code's", "proxy: false,", ""],
    [
      "an answer may be as long as anybody likes",
      "maxContentLength: request.maxBytes ?? defaultMaxBytes",
      "maxContentLength: 1e9",
    ],
    ["an answer may take as long as anybody likes", "request.timeoutMs ?? defaultTimeoutMs", "1e9"],
    ["a caller's time limit is not kept", "request.timeoutMs ?? defaultTimeoutMs", "defaultTimeoutMs"],
    [
      "a request goes on after it was cancelled",
      "request.signal ? AbortSignal.any([request.signal, deadline]) : deadline",
      "deadline",
    ],
    ["a request has no time limit beside a signal", "AbortSignal.any([request.signal, deadline])", "request.signal"],
    ["an error with the request's secrets leaves the HTTP client", "throw networkFailure(error);", "throw error;"],
    ["a request does not say who asks", `"User-Agent": userAgent(), originator, `, ""],
    [
      "a page is taken for JSON of an unknown kind",
      "looksLikePage: /^\\s*</.test(String(response.data))",
      "looksLikePage: false",
    ],
  ]),
  ...mutantsOf("platform/networkFailure.ts", "platform/httpClient network/network", [
    ["a wrong certificate counts as unreachable", `if (isTls(code)) return new Problem("tlsFailed", code);`, ""],
    ["a lost answer counts as a request that was not sent", `["ECONNRESET", "answerLost"],`, ""],
  ]),
  ...mutantsOf("platform/redact.ts", "platform/redact", [
    ["a JSON Web Token is logged", `[/\\beyJ[\\w-]{6,}(?:\\.[\\w-]*){0,4}/g, "<jwt>"],`, ""],
    ["an API key is logged", `[/\\b(?:sk|sess)-[\\w-]{6,}/g, "<key>"],`, ""],
    ["a refresh token is logged", `[/\\b(?:rt|ac)[._][\\w.~+/-]{8,}/g, "<token>"],`, ""],
    ["a personal access token is logged", `[/\\bat-[\\w-]{8,}/g, "<token>"],`, ""],
    ["an Authorization header is logged", `[/\\b(Bearer|Basic)\\s+[\\w.~+/=-]+/gi, "$1 <token>"],`, ""],
    ["a secret of a query is logged", "[:=]{1,3}>?", ":{1,3}>?"],
    ["a secret of an encoded query is logged", '|,|${encoded("3[AaDd]")}|', "|,|"],
    ["a secret of a query's list is logged", "${index}(?<name>", "(?<name>"],
    ["a secret of JSON within JSON is logged", "`(?:${backslash}*(?:", "`(?:(?:"],
    ["a secret of encoded JSON is logged", '|${encoded("22|27")}', ""],
    ["a secret of JSON in HTML is logged", '|&(?:${anyCase("quot|apos|#3[49]|#x2[27]")});', ""],
    ["a secret after an encoded character is logged", '${encoded("[\\\\dA-Fa-f]{2}")}|', ""],
    ["a secret at the beginning of a line in JSON is logged", "|\\\\\\\\[nrtbf]", ""],
    ["a secret of a list is logged", 'if (text[start] === "[") return', "if (false) return"],
    ["a secret of an object is logged", 'if (text[start] !== "{") return start;', "return start;"],
    ["a secret after an object within another is logged", 'if (text[index] === "{") depth += 1;', "depth = 1;"],
    ["a secret of a block of YAML is logged", "if (/[|>][-+\\d]{0,2}[ \\t]*\\n/y.test(", "if (/a^/.test("],
    ["a secret between escaped quotes is logged", "|${backslash}+u002[27])`", ")`"],
    ["a secret after an escaped sign is logged", "|${backslash}+u003[AaDd])", ")"],
    [
      "the second word of a secret between escaped quotes is logged",
      "if (/[;\\\\]/.test(value)) return",
      "if (false) return",
    ],
    ["a secret ends at an escaped quote within it", 'end > 0 && line[end - 1] === "\\\\"', "false"],
    ["a secret of several words in XML is logged", '  new RegExp(`${tag(anyName)}[^<]+(?=</\\\\k<tag>)`, "g"),\n', ""],
    [
      "a secret of XML that is cut off is logged",
      '  new RegExp(`${tag(`${wordStart}(?:${secretNames})`)}\\\\s*[^\\\\s&"\'<>]+`, "g"),\n',
      "",
    ],
    ["a secret whose name is in camel case is logged", "|(?<=[a-z\\\\d])(?=[A-Z])", ""],
    ["a secret after its scheme is logged", "(?:(?:Bearer|Basic)\\s+)?", ""],
    ["what is after a redacted secret is hidden", "[^<]+(?=</\\\\k<tag>)", "[^<]+"],
    ["a header's secret is logged", "if (secret && !name) return", "if (false) return"],
    [
      "a secret of raw headers is logged",
      'if (sign === "," && !(name && value)) return start;',
      'if (sign === ",") return start;',
    ],
    ["a value ends at a quote within it", "backslashes < around.length", "true"],
    ["a random text after a usual word is logged", "run.length < 20 && !isRandom(run)", "true"],
    ["a long hexadecimal text is logged", " || /[a-z\\d]{32,}/i.test(run)", ""],
    ["a secret of a JSON text is logged", "result = withoutNamedValues(result);", ""],
    ["a long random text is logged", 'isRandom(run) ? "<opaque>" : run', "run"],
    ["a device code is logged", "|user[_-]?code|device[_-]?auth[_-]?id", ""],
    ["a code verifier is logged", "|code[_-]?verifier", ""],
    ["a log line may have several lines", '/[\\t\\n]/.test(character) ? character : " "', "character"],
  ]),
  ...mutantsOf("platform/logger.ts", "platform/logger", [
    ["an error is logged as it is", "sink().error(redact(line))", "sink().error(line)"],
    ["a warning is logged as it is", "sink().warn(redact(line))", "sink().warn(line)"],
    ["information is logged as it is", "sink().info(redact(line))", "sink().info(line)"],
    ["a debug line is logged as it is", "sink().debug(redact(line))", "sink().debug(line)"],
    [
      "the message of any error is logged",
      "return `${error.name}${code}${detail}`;",
      "return `${error.name}${code}${detail} ${error.message}`;",
    ],
  ]),
  ...mutantsOf("platform/endpoint.ts", "platform/endpoint", [
    [
      "a credential may be sent by http",
      `url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname))`,
      `url?.protocol === "https:" || url?.protocol === "http:"`,
    ],
    ["an address may have a host that reads like a sentence", "plainHost.test(url.hostname) && ", ""],
    ["an address may have a user name", "!url.username && !url.password && ", ""],
    ["an address may have a query", " && !/[?#]/.test(url.href)", ""],
    [
      "a host that begins like this computer is this computer",
      `hostname === "localhost"`,
      `hostname.startsWith("localhost")`,
    ],
    [
      "a host that begins like a loopback address is this computer",
      "/^127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}$/",
      "/^127\\./",
    ],
  ]),
  ...mutantsOf("platform/lock.ts", "platform/lock platform/lockFaults", [
    ["nobody waits for a lock", "if (!held) return undefined;", "if (!held) return { release: async () => {} };"],
    ["a lock is kept when the work has failed", "finally {\n    await held.release();\n  }", "finally {\n  }"],
    ["somebody waits for a lock without an end", 'if (waitedMs > patienceMs) throw new Problem("busyElsewhere");', ""],
    [
      "a file system that refuses keeps the person from everything",
      "this.#goWithout(folder, describeError(error));\n      return { release: async () => {} };",
      "throw error;",
    ],
  ]),
  ...mutantsOf("platform/heldLock.ts", "platform/lock platform/lockFaults platform/lockHeartbeat", [
    [
      "a lock that was taken twice is one",
      "if (!isShared) return new HeldLock",
      "if (isShared || !isShared) return new HeldLock",
    ],
    ["a holder shows no sign of life", "await this.#calls.touch(this.#folder).catch(() => this.#stir());", ""],
    ["a lock that has become another holder's is released", "if (this.#isLost) return;", ""],
  ]),
  ...mutantsOf("platform/lockWatch.ts", "platform/lock platform/lockFaults platform/lockHeartbeat", [
    [
      "a holder that is alive loses its lock",
      "else await this.#begin(seen);",
      "else {\n      await this.#begin(seen);\n      this.#unchangedMs = 1e9;\n    }",
    ],
    ["a crashed holder keeps its lock", ' && (await this.#clear())) return "free";', ') return "held";'],
    ["a lock that cannot be cleared stays for ever", 'if (this.#unchangedMs > 2 * this.#staleMs) return "stuck";', ""],
  ]),
  ...mutantsOf("platform/callLimit.ts", "platform/noteFiles", [
    ["a silent file system is asked again and again", "if (this.#unanswered > 0) throw new NoAnswer();", ""],
    [
      "a call of the file system has no limit",
      "return await withinAwake(this.#answerMs, answer);",
      "return await answer;",
    ],
    ["a claim that was given up stays when it is made late", ".then(undo)", ".then(() => {})"],
  ]),
  ...mutantsOf("platform/noteFiles.ts", "account/spendingClaims", [
    ["two windows make the same claim", '{ flag: "wx", mode: 0o600 }', '{ flag: "w", mode: 0o600 }'],
    [
      "two windows claim the same change",
      '{ flag: "wx", mode: 0o600 }',
      '{ flag: "w", mode: 0o600 }',
      "account/cachedSecrets",
    ],
    ["others can read a claim", '{ flag: "wx", mode: 0o600 }', '{ flag: "wx" }', "account/sharedFolder"],
  ]),
  ...mutantsOf("platform/folderCalls.ts", "platform/lock platform/lockFaults", [
    ["a lock follows a link", "(await lstat(path)).mtimeMs", "(await stat(path)).mtimeMs"],
  ]).map((mutant) =>
    mutant.name === "a lock follows a link"
      ? {
          ...mutant,
          replacements: [...mutant.replacements, { file: "platform/folderCalls.ts", text: "lstat, ", by: "stat, " }],
        }
      : mutant,
  ),
  ...mutantsOf("platform/atomicFile.ts", "platform/atomicFile", [
    ["others can read a note", "{ mode: 0o600 }", "{ mode: 0o644 }"],
    [
      "a file is written in place",
      'const temporary = `${file}.${process.pid}-${randomBytes(4).toString("hex")}`;',
      "const temporary = file;",
    ],
    ["a temporary file stays when it could not be moved", "await calls.remove(temporary).catch(() => {});", ""],
    [
      "a silent file system is waited for without an end",
      "await withinAwake(answerMs, replace());",
      "await replace();",
    ],
    [
      "a file is replaced after it was given up",
      "if (isGivenUp) await calls.remove(temporary);",
      'if (isGivenUp && file === "") await calls.remove(temporary);',
    ],
  ]),
  ...mutantsOf("platform/sharedWork.ts", "platform/sharedWork", [
    ["work that runs already is begun again", "if (running !== undefined) return running;", ""],
    ["work that has ended is its answer for ever", "started.then(end, end);", "started.catch(() => {});"],
  ]),
  ...mutantsOf("platform/timeLimit.ts", "platform/timeLimit", [
    ["a call may last for ever", "if (!isSettled) reject(late());", "if (!isSettled) return;"],
    ["a sleep of the computer counts as silence", "Math.min(leftMs, longestStepMs)", "leftMs"],
  ]),
  ...mutantsOf("platform/remember.ts", "platform/remember", [
    ["a failure is remembered", "if (current === made) current = undefined;", ""],
  ]),
  ...mutantsOf("platform/backoff.ts", "platform/backoff", [
    ["who has failed often waits no longer", "stepsMs[Math.min(failures, stepsMs.length) - 1]", "stepsMs[0]"],
  ]),
  ...mutantsOf("platform/untrusted.ts", "openai/usage openai/events openai/limits", [
    ["a number may be infinite", " && Number.isFinite(value) ? value", " ? value"],
  ]),
  ...mutantsOf("platform/json.ts", "platform/json", [
    [
      "a text that is no JSON is an exception",
      "    return undefined;\n  }\n}",
      '    throw new Error("no JSON");\n  }\n}',
    ],
  ]),
];
