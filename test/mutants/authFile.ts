import { type Mutant, mutantsOf } from "./mutant.ts";

/** The file of the Codex CLI: read, parsed, shown and replaced. */
export const authFileMutants: readonly Mutant[] = [
  ...mutantsOf("codex/authFile/read.ts", "codex/authFile/read", [
    ["a pipe is waited for", " | (constants.O_NONBLOCK ?? 0)", ""],
    ["something else than a file is read", 'if (!stat.isFile()) return { status: "notAFile", path };', ""],

    ["nobody is told that others can read a login", "(stat.mode & 0o077) === 0", "true"],
    ["what is no text is read", "{ fatal: true, ignoreBOM: true }", "{ fatal: false, ignoreBOM: true }"],
  ]),
  ...mutantsOf("codex/authFile/parse.ts", "codex/authFile/parse", [
    [
      "a pasted login may be as long as anybody likes",
      "json.length > authFileLimits.bytes || Buffer.byteLength(json) > authFileLimits.bytes",
      "false",
    ],
    ["a login may be nested as deep as anybody likes", 'if (depth > authFileLimits.depth) return "tooDeep";', ""],
    [
      "a text of a login may be as long as anybody likes",
      'if (end - index - 1 > authFileLimits.stringLength) return "stringTooLong";',
      "",
    ],
    ["the last of two keys counts", 'if (hasDuplicateKeys(json)) return problem("duplicateKeys");', ""],
    [
      "a token of a file may add a header",
      'if (!all.every((text) => !text || isHeaderValue(text))) return "unusableCharacters";',
      "",
    ],
    [
      "a key of a file may add a header",
      'if (apiKey && !isHeaderValue(apiKey)) return problem("unusableCharacters");',
      "",
    ],
  ]),
  ...mutantsOf("codex/authFile/preview.ts", "codex/authFile/preview", [
    ["a preview has the whole key", "maskKey(file.apiKey)", "file.apiKey"],
  ]),
  ...mutantsOf("codex/authFile/temporaryFile.ts", "codex/authFile/replace codex/authFile/interrupted", [
    [
      "a temporary file is written through a link",
      'calls.open(temporary, "wx", 0o600)',
      'calls.open(temporary, "w", 0o600)',
    ],
    [
      "others can read a login while it is written",
      'calls.open(temporary, "wx", 0o600)',
      'calls.open(temporary, "wx", 0o644)',
      "codex/authFile/temporaryFile",
    ],
    [
      "a link is followed that has just been made",
      "(constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)",
      "constants.O_NONBLOCK ?? 0",
    ],
    [
      "another file takes the place of the temporary one",
      'if (!isSame(await again.stat(), made)) throw new Error("Another file has taken the place of the temporary one.");',
      "",
    ],
    ["a file of root's stays root's", "if (isOther && process.geteuid?.() === 0) await file.chown(uid, gid);", ""],
    ["a login is lost with a power cut", "await file.sync();", ""],
    ["a temporary file of a running process is removed", "age > staleAfterMs || !isRunning(pid)", "true"],
    [
      "what a killed process has left stays",
      "if (age > staleAfterMs || !isRunning(pid)) await rm(path, { force: true }).catch(() => undefined);",
      "",
    ],
  ]),
  ...mutantsOf(
    "codex/authFile/replace.ts",
    "codex/authFile/replace codex/authFile/pinnedFolder codex/authFile/export codex/authFile/interrupted",
    [
      [
        "a file is replaced that has changed while it was written",
        'if (!isExpected(await present(at), expected)) return { status: "changed" };\n        if (!(await moveInto',
        "if (!(await moveInto",
      ],
      [
        "a file is removed that has changed",
        'if (!isExpected(before, { fingerprint })) return { status: "changed" };',
        "",
      ],
      [
        "a login stays beside the file that could not be replaced",
        "await rm(temporary, { force: true }).catch(() => undefined);",
        "",
      ],
      [
        "a file that may not be written is replaced",
        'expected === "nothing" ? constants.O_RDONLY : constants.O_RDWR',
        "constants.O_RDONLY",
      ],
      [
        "a file is replaced where none was expected",
        "await calls.link(temporary, at);",
        "await calls.rename(temporary, at);",
      ],
      ["others can read a login after it was written", "{ ...before, mode: 0o600 }", "{ ...before, mode: 0o644 }"],
      [
        "root replaces a file that another user has put there",
        'if (before !== "nothing" && !folder.trusts(before.uid)) throw denied();',
        "",
      ],
    ],
  ),
  ...mutantsOf("codex/authFile/pinnedFolder.ts", "codex/authFile/replace codex/authFile/pinnedFolder", [
    [
      "root follows another user's link",
      "if (found && [...linkOwners].some((owner) => owner !== 0 && owner !== found.uid)) throw denied();",
      "",
    ],
    [
      "a folder may be replaced while it is worked in",
      "path: (handle && (await pathOf(handle, path))) ?? path,",
      "path,",
    ],
    ["a part of the path may become a link", "if (named !== path) throw denied();", ""],
  ]),
  ...mutantsOf("codex/authFile/write.ts", "codex/authFile/export codex/authFile/writeBack codex/handOff/handOff", [
    [
      "a login is replaced without a backup",
      'const kept = await replaceFile(replaced.backup, replace.text, "nothing", calls, owner);',
      'const kept = { status: "written" } as ReplaceResult;',
    ],
    [
      "others can read a backup",
      "const owner = { ...replaced.attributes, mode: 0o600 };",
      "const owner = { ...replaced.attributes, mode: 0o644 };",
    ],
    ["a login is handed off with an API key", "OPENAI_API_KEY: null", "OPENAI_API_KEY: login.accessToken"],
    ["others can look into the Codex CLI's folder", "mode: 0o700", "mode: 0o755"],
    [
      "a damaged backup replaces a login",
      'kept.status !== "read" || kept.fingerprint !== replaced.fingerprint',
      'kept.status !== "read"',
    ],
  ]),
];
