import assert from "node:assert/strict";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { authFileLimits } from "../../../../src/codex/authFile/parse.ts";
import { readChosenFile } from "../../../../src/editor/codex/chosenFile.ts";
import { temporaryDirectory } from "../../../support/cleanUp.ts";

describe("A chosen file on another computer", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  const { readFile } = vscode.workspace.fs;
  let reads = 0;
  beforeEach(() => {
    folder = temporaryDirectory();
    reads = 0;
    Object.assign(vscode.workspace.fs, {
      readFile: (uri: vscode.Uri) => {
        reads += 1;
        return readFile(uri);
      },
    });
  });
  afterEach(async () => {
    Object.assign(vscode.workspace.fs, { readFile });
    await folder.remove();
  });

  const read = (name: string) =>
    readChosenFile(vscode.Uri.parse(`vscode-remote://elsewhere${join(folder.path, name)}`));

  it("is read through VS Code, and can't be linked", async () => {
    await writeFile(join(folder.path, "auth.json"), JSON.stringify({ OPENAI_API_KEY: "sk-someKeyOfAFile" }));
    const { file, link } = await read("auth.json");
    assert.deepEqual([file.apiKey, link, reads], ["sk-someKeyOfAFile", undefined, 1]);
  });

  it("is not read when it is a folder, too large, or not there", async () => {
    await mkdir(join(folder.path, "folder"));
    await writeFile(join(folder.path, "large"), "");
    await truncate(join(folder.path, "large"), authFileLimits.bytes + 1);
    await assert.rejects(read("folder"), { code: "authFileNotAFile" });
    await assert.rejects(read("large"), { code: "authFileTooLarge" });
    await assert.rejects(read("none"), { code: "authFileUnreadable" });
    assert.equal(reads, 0);
  });

  it("is refused when it is no text, or can't be read after all", async () => {
    await writeFile(join(folder.path, "auth.json"), Uint8Array.of(0xff, 0xfe));
    await assert.rejects(read("auth.json"), { code: "authFileNotText" });
    Object.assign(vscode.workspace.fs, { readFile: () => Promise.reject(new Error("gone")) });
    await assert.rejects(read("auth.json"), { code: "authFileUnreadable" });
  });
});
