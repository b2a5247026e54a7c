import assert from "node:assert/strict";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isProblem, type ProblemCode } from "../../../../src/shared/problem.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import {
  assertNeverShown,
  changeSetting,
  sentences,
  state,
  theMessage,
  until,
  willAnswer,
} from "../../../support/vscodeStub/stub.ts";
import { here, ownKey, useImport, workspace } from "./importFixture.ts";

describe("Importing from the Codex CLI,", () => {
  const { folder, tokens, home, file, editor, reopen, text, write, active, installCli, run, nothingStored } =
    useImport();

  it("shows what it found, masked, and stores nothing before the person has chosen", async () => {
    await installCli();
    await write({ OPENAI_API_KEY: ownKey, last_refresh: "2026-11-20T20:41:36Z" });
    const importing = run(here);
    const message = await until(() => state.messages[0]);
    assert.deepEqual(message.buttons, ["Don't Import", "Link", "Copy", "Use Only the API Key"]);
    assert.equal(message.modal, true);
    for (const line of [
      "Account: plus@example.com",
      "Plan: Plus",
      `ChatGPT workspace: ${workspace}`,
      "Contains: access token, ID token, refresh token, API key sk-…1234",
    ]) {
      assert.ok(message.detail.includes(line), line);
    }
    const day = new Date("2026-11-20T20:41:36Z").toLocaleDateString("en", { dateStyle: "medium" });
    assert.ok(message.detail.includes(`\nLast refresh: ${day}`), message.detail);
    assert.doesNotMatch(message.detail, /replaces that sign-in|Other users of this computer/);
    nothingStored();
    message.choose(undefined);
    assert.equal(await importing, undefined);
    nothingStored();
    assert.equal(sentences().length, 1);
  });

  it("says when others can read the file, and when it replaces a sign-in", async () => {
    await chmod(file(), 0o644);
    await editor().signedIn();
    await run(here, "Copy");
    assert.match(state.messages[0]?.detail ?? "", /replaces that sign-in/);
    assert.match(state.messages[0]?.detail ?? "", /Other users of this computer may be able to read/);
    assert.equal(editor().accounts.state.accounts.length, 1);
    assert.equal(active()?.origin, "copied");
  });

  it("knows of a sign-in that this window has not read yet", async () => {
    await editor().signedIn();
    const { secrets, directory } = editor();
    await reopen({
      ...{ secrets, directory },
      codex: { userHome: folder(), environment: { PATH: "/nowhere" } },
    });
    await run(here, "Copy");
    assert.match(state.messages[0]?.detail ?? "", /replaces that sign-in/);
  });

  for (const source of [undefined, "Browse…", "Paste…"]) {
    it(`does nothing when the person closes what asks (${source ?? "the first question"})`, async () => {
      const importing = run(source);
      if (source === "Browse…") (await until(() => state.dialogs[0])).choose(undefined);
      if (source === "Paste…") await (await until(() => state.questions[0])).enter(undefined);
      assert.equal(await importing, undefined);
      nothingStored();
      assert.deepEqual(sentences(), []);
    });
  }

  it("takes a pasted content, masked, which can be copied and not linked", async () => {
    willAnswer(/^Import from Codex CLI$/, "Paste…");
    const importing = editor().codexImport.run();
    const box = await until(() => state.questions[0]);
    assert.equal(box.password, true);
    willAnswer(/^Import this Codex CLI login/, "Copy");
    await box.enter(` ${text()}\n`);
    await importing;
    assert.deepEqual(theMessage(/^Import this Codex CLI login/).buttons, ["Don't Import", "Copy"]);
    assert.equal(active()?.origin, "copied");
  });

  it("does nothing with a paste of nothing", async () => {
    willAnswer(/^Import from Codex CLI$/, "Paste…");
    const importing = editor().codexImport.run();
    await (await until(() => state.questions[0])).enter(" \n");
    assert.equal(await importing, undefined);
    assert.deepEqual(sentences(), []);
  });

  it("takes a file from elsewhere, which can be linked where it lies", async () => {
    await installCli();
    const elsewhere = join(folder(), "elsewhere");
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, "auth.json"), text(), { mode: 0o600 });
    const importing = run("Browse…", "Link");
    const dialog = await until(() => state.dialogs[0]);
    assert.equal(dialog.folder, home());
    dialog.choose(join(elsewhere, "auth.json"));
    await importing;
    assert.equal(active()?.link?.codexHome, elsewhere);
  });

  it("does not follow a file of an open folder, where strangers may write", async () => {
    await editor().end();
    await reopen({
      codex: {
        userHome: folder(),
        environment: { PATH: "/nowhere" },
        workspaceFolders: () => [join(folder(), "work")],
      },
    });
    await mkdir(join(folder(), "work"));
    await writeFile(join(folder(), "work", "auth.json"), text(), { mode: 0o600 });
    const importing = run("Browse…", undefined);
    (await until(() => state.dialogs[0])).choose(join(folder(), "work", "auth.json"));
    const message = await until(() => state.messages[0]);
    assert.deepEqual(message.buttons, ["Don't Import", "Copy"]);
    message.choose(undefined);
    await importing;
  });

  it("offers nothing where nothing can be used, and says why", async () => {
    const elsewhere = join(folder(), "other.json");
    await writeFile(elsewhere, text({ tokens: { ...tokens(), refresh_token: "" } }), { mode: 0o600 });
    const importing = run("Browse…");
    (await until(() => state.dialogs[0])).choose(elsewhere);
    const message = await until(() => state.messages[0]);
    assert.deepEqual(message.buttons, []);
    assert.match(message.detail, /can't be copied, and it can be linked only where the Codex CLI keeps it/);
    message.choose(undefined);
    assert.equal(await importing, undefined);
    nothingStored();
  });

  const unusable: readonly [string, () => Promise<unknown>, ProblemCode][] = [
    ["none", () => rm(file()), "authFileMissing"],
    ["an empty one", () => writeFile(file(), ""), "authFileEmpty"],
    ["half of one", () => writeFile(file(), text().slice(0, 200)), "authFileNotJson"],
    ["a web page", () => writeFile(file(), "<!DOCTYPE html><p>canary-text"), "codexFileUnusable"],
    ["one without a login", () => writeFile(file(), "{}"), "authFileNoCredential"],
    ["wrong types", () => write({ tokens: { access_token: 1 } }), "authFileWrongShape"],
  ];
  for (const [name, make, code] of unusable) {
    it(`says what to do where the file is ${name}, and leaves who is signed in`, async () => {
      await editor().signedIn("team@example.com");
      const { writes } = editor().secrets as MemorySecrets;
      await make();
      await assert.rejects(run(here), { name: "Problem", code });
      assert.equal(editor().accounts.state.active?.email, "team@example.com");
      assert.deepEqual([sentences(), (editor().secrets as MemorySecrets).writes], [[], writes]);
      assert.equal(state.progresses[0]?.done, true);
    });
  }

  it("says how to get past a folder in the file's place, which `codex login` cannot replace", async () => {
    await rm(file());
    await mkdir(file());
    await assert.rejects(run(here), { code: "codexFileUnusable", message: /Rename or delete it, .*codex login/ });
  });

  it("is not asked for while the setting for the issuer is no address", async () => {
    changeSetting("chatgptSignIn.issuer", "javascript:alert(1)");
    await assert.rejects(run(here), (error: unknown) => isProblem(error, "badSetting"));
    assert.deepEqual(sentences(), []);
  });

  for (const [what, codexHome] of [
    ["names no folder", "/no/canary"],
    ["is a relative path", "."],
  ] as const) {
    it(`says in its own words what is wrong with a CODEX_HOME that ${what}`, async () => {
      await editor().end();
      await reopen({
        codex: { userHome: folder(), environment: { CODEX_HOME: codexHome } },
      });
      await assert.rejects(run(here), { code: "codexHomeInvalid", message: /CODEX_HOME must be the full path/ });
      assertNeverShown("/no/canary");
    });
  }

  it("asks the same question whichever way the login came", async () => {
    willAnswer(/^Import this Codex CLI login/, undefined);
    await run(here);
    assert.deepEqual(sentences(), ["Import this Codex CLI login?"]);
  });
});
