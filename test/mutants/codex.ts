import { type Mutant, mutantsOf } from "./mutant.ts";

/** The Codex CLI: how it is started, and what is done with its login. */
export const codexMutants: readonly Mutant[] = [
  ...mutantsOf("editor/codex/chosenFile.ts", "editor/codex/chosenFile", [
    [
      "a folder that was chosen is read as a file",
      'if ((stat.type & vscode.FileType.File) === 0) throw unreadableProblem("notAFile");',
      "",
    ],
    [
      "a file that was chosen is read whatever its size",
      'if (stat.size > authFileLimits.bytes) throw unreadableProblem("tooLarge");',
      "",
    ],
  ]),
  ...mutantsOf("codex/appServer/findCodex.ts", "codex/appServer/findCodex codex/codexCli", [
    [
      "a Codex CLI in an open folder is started",
      'if (!isInside) return { status: "found", codex };',
      'return { status: "found", codex };',
    ],

    [
      "a link leads into an open folder",
      "const places = [join(await realPath(dirname(path)), basename(path)), await realPath(path)];",
      "const places = [path];",
    ],
    ["a relative path of the settings is started", 'if (!isAbsolute(path)) return { status: "notAbsolute" };', ""],
    ["relative folders of PATH are looked in", "entries.filter((entry) => isAbsolute(entry))", "entries"],
    [
      "an interpreter in an open folder runs the Codex CLI",
      "folders.filter((_folder, index) => !isInside[index])",
      "folders",
    ],
    [
      "a script in an open folder runs as the Codex CLI",
      'return (await startsInWorkspace(codex, search)) ? { status: "insideWorkspace" } : { status: "found", codex };',
      'return { status: "found", codex };',
    ],
  ]),
  ...mutantsOf("codex/codexCli.ts", "codex/codexCli codex/linked/refreshing", [
    [
      "the Codex CLI has an open folder as its home",
      'if (!(await this.mayUseHome(codexHome))) throw new Problem("loginInsideWorkspace");',
      "",
    ],
    ["the Codex CLI uses a token of the environment", "CODEX_ACCESS_TOKEN: undefined,", ""],
    [
      "the Codex CLI is asked for its token without a lock",
      'return this.#dependencies.lock.hold("codex-cli", async () => {\n      try {\n        return await this.accessTokenInTurn(codexHome);\n      } finally {\n        await this.settled(codexHome);\n      }\n    });',
      "return this.accessTokenInTurn(codexHome);",
    ],
  ]),
  ...mutantsOf("codex/appServer/processTree.ts", "codex/appServer/appServer", [
    ["the Codex CLI is started through a shell", "shell: false", "shell: true"],
    ["what the Codex CLI has started outlives it", 'process.kill(-child.pid, "SIGKILL");', 'child.kill("SIGKILL");'],
  ]),
  ...mutantsOf("codex/appServer/appServer.ts", "codex/appServer/appServer", [
    [
      "the Codex CLI's token may have characters that a header cannot",
      'if (!isHeaderValue(authToken)) throw new AppServerError("rubbish");',
      "",
    ],
    [
      "the Codex CLI may have anything opened in the browser",
      "const page = webPage(authUrl);",
      "const page = authUrl;",
    ],
    ["the Codex CLI is waited for without an end", "await Promise.race([conversation, late])", "await conversation"],
    [
      "a Codex CLI is killed while it may be refreshing",
      '} else if (result.failure === "hung" && server.spoke) {',
      '} else if (result.failure === "hung" && !server.spoke) {',
    ],
    [
      "several refreshes of the Codex CLI run at once",
      "this.#refreshing ??= this.#lingering",
      "this.#refreshing = this.#lingering",
    ],
  ]),
  ...mutantsOf("codex/appServer/appServerProcess.ts", "codex/appServer/appServer", [
    [
      "a line of the Codex CLI may be as long as it likes",
      "const longestLineBytes = 1024 * 1024;",
      "const longestLineBytes = 1e12;",
    ],
    [
      "a program that greets for ever is the Codex CLI",
      "this.#spoke || this.#greetings > longestGreeting",
      "this.#spoke",
    ],
    [
      "a program that only sends our words back is the Codex CLI",
      "} else if (!this.#spoke) {\n      // A program",
      '} else if (method === "") {\n      // A program',
    ],
  ]),
  ...mutantsOf("codex/fileRefresher.ts", "codex/fileRefresher", [
    [
      "a refresh token is used whose successor cannot be written",
      'if (rehearsal.status !== "written") throw writeProblem(rehearsal.status);',
      "",
    ],
    ["somebody's new login is overwritten", "if (file.tokens?.refreshToken !== used) return;", ""],
    [
      "another account's tokens become the linked account's",
      'if (now.userId !== then.userId || now.workspaceId !== then.workspaceId) throw new Problem("accountMismatch");',
      "",
      "codex/linked/otherLogins",
    ],
    [
      "another person's tokens become the linked account's",
      "now.userId !== then.userId || ",
      "",
      "codex/linked/otherLogins",
    ],
    [
      "a file that is half written says that the login has ended",
      "if (!result.ok) throw ofOwnFile(authFileProblem(result.problem));",
      'if (!result.ok) throw new RefreshRejected("revoked", "");',
    ],
  ]),
  ...mutantsOf("codex/followedRecord.ts", "codex/linked/following", [
    ["another person's login is followed", "file?.tokens && account === credential.id", "file?.tokens"],
    [
      "a file that cannot be read ends the login",
      "if (!isSignedOut && !file) return credential;",
      "",
      "codex/linked/otherLogins",
    ],
    [
      "another person's login in the keyring is followed",
      "if (accountIdOf(credential.issuer, claimsOf(tokens)) !== credential.id) return undefined;",
      "",
    ],
  ]),
  ...mutantsOf("codex/linkedRefresher.ts", "codex/linked/refreshing", [
    [
      "the Codex CLI's token is used although it is installed",
      'found.status === "notFound" && link.refreshHere && link.store === "file"',
      'link.store === "file"',
    ],
    [
      "the Codex CLI's token is used although nobody chose so",
      'found.status === "notFound" && link.refreshHere',
      'found.status === "notFound"',
    ],
    [
      "two windows have the Codex CLI refresh at once",
      '.hold("codex-cli", async () => {',
      '.hold(`codex-cli-${Math.random()}`.replace(".", ""), async () => {',
    ],
  ]),
  ...mutantsOf("codex/login.ts", "codex/login codex/codexCli", [
    [
      "a link replaces a sign-in without the Codex CLI's word",
      'const accessToken = await cli.accessToken(codexHome);\n  if (accessToken === undefined) throw new Problem("loginNotInUse");',
      "const accessToken = file.tokens?.accessToken;",
      "editor/codex/import editor/codex/export",
    ],
    [
      "a linked record keeps the refresh token",
      "return { idToken, accessToken };",
      "return { idToken, accessToken, ...(arguments[0] as object) } as LoginTokens;",
    ],
    [
      "a login that names nobody is stored",
      'if (id === undefined) throw new Problem("authFileNamesNobody");',
      "if (id === undefined) throw new TypeError();",
    ],
  ]),
];
