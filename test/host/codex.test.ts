import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { readChosenFile } from "../../src/editor/codex/chosenFile.ts";
import { Problem, type ProblemCode } from "../../src/shared/problem.ts";

const claims = { email: "ada@example.com", "https://api.openai.com/auth": { chatgpt_account_id: "acc" } };
const token = ["e30", Buffer.from(JSON.stringify(claims)).toString("base64url"), "x"].join(".");
const login = JSON.stringify({ tokens: { id_token: token, access_token: token, refresh_token: "rt.1" } }, null, 2);

/** A file system as a remote or an extension brings one: each path holds these bytes. */
class OtherComputer implements vscode.FileSystemProvider {
  readonly onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>().event;
  readonly files: Readonly<Record<string, Uint8Array | "folder" | "huge">>;

  constructor(files: OtherComputer["files"]) {
    this.files = files;
  }

  stat({ path }: vscode.Uri): vscode.FileStat {
    const file = this.files[path];
    if (file === undefined) throw vscode.FileSystemError.FileNotFound();
    const type = file === "folder" ? vscode.FileType.Directory : vscode.FileType.File;
    const size = file === "huge" ? 2 ** 40 : typeof file === "string" ? 0 : file.byteLength;
    return { type, size, ctime: 0, mtime: 0 };
  }

  readFile({ path }: vscode.Uri): Uint8Array {
    const file = this.files[path];
    if (file === undefined || typeof file === "string") throw vscode.FileSystemError.Unavailable();
    return file;
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }
  readDirectory(): [string, vscode.FileType][] {
    return [];
  }
  createDirectory(): void {}
  writeFile(): void {}
  delete(): void {}
  rename(): void {}
}

describe("a login of the Codex CLI that a person chooses", () => {
  const at = (path: string) => vscode.Uri.from({ scheme: "other-computer", path });
  let registration: vscode.Disposable;

  before(() => {
    const files = {
      "/auth.json": Buffer.from(login),
      "/latin1.json": Buffer.from([0x7b, 0xe4, 0x7d]),
      "/page.html": Buffer.from("<html>"),
      "/folder": "folder",
      "/huge.json": "huge",
    } as const;
    registration = vscode.workspace.registerFileSystemProvider("other-computer", new OtherComputer(files));
  });
  after(() => registration.dispose());

  it("is read from another computer through VS Code, and cannot be linked there", async () => {
    const { file, link } = await readChosenFile(at("/auth.json"));
    assert.equal(file.identity.email, "ada@example.com");
    assert.equal(file.tokens?.workspaceId, "acc");
    assert.equal(link, undefined);
  });

  it("is refused in words", async () => {
    const refused: readonly [path: string, code: ProblemCode][] = [
      ["/latin1.json", "authFileNotText"],
      ["/page.html", "authFileHtml"],
      ["/folder", "authFileNotAFile"],
      ["/huge.json", "authFileTooLarge"],
      ["/nothing", "authFileUnreadable"],
    ];
    for (const [path, code] of refused) {
      await assert.rejects(
        readChosenFile(at(path)),
        { name: "Problem", code, message: new Problem(code).message },
        path,
      );
    }
  });

  it("can be linked on this computer, where it is called as the CLI calls it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "codex-host-"));
    try {
      for (const name of ["auth.json", "copy.json"]) await writeFile(join(folder, name), login, { mode: 0o600 });
      const { link, warnings } = await readChosenFile(vscode.Uri.file(join(folder, "auth.json")));
      assert.deepEqual([link, warnings], [{ codexHome: folder, store: "file" }, []]);
      assert.equal((await readChosenFile(vscode.Uri.file(join(folder, "copy.json")))).link, undefined);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("the setting of the Codex CLI's path", () => {
  it("is the person's alone: no folder can name a program", async () => {
    const section = vscode.workspace.getConfiguration("chatgptSignIn");
    assert.equal(section.inspect("codexPath")?.defaultValue, "");
    await assert.rejects(
      Promise.resolve(section.update("codexPath", "/tmp/codex", vscode.ConfigurationTarget.Workspace)),
    );
    assert.equal(section.inspect("codexPath")?.workspaceValue, undefined);
  });
});
