import assert from "node:assert/strict";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keptByTheCli } from "../../../../src/account/credential.ts";
import { isProblem, WordedProblem } from "../../../../src/shared/problem.ts";
import { startIssuer } from "../../../issuer/issuer.ts";
import { type IssuedTokens, signInByHttp } from "../../../issuer/login.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import {
  assertNeverShown,
  changeSetting,
  resetVscode,
  sentences,
  settingOf,
  settle,
  state,
  theMessage,
  until,
  willAnswer,
} from "../../../support/vscodeStub/stub.ts";
import { temporaryFolder } from "../../codex/authFile/temporaryFolder.ts";
import { createEditorFixture, type EditorFixture } from "../editorFixture.ts";

const question = "Import this login of the Codex CLI?";
const here = "Codex CLI on This Computer";
const ownKey = "sk-ownKeyOfTheCodexCli1234";
const workspace = "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01";

describe("Importing from the Codex CLI", () => {
  const folder = temporaryFolder();
  const home = () => join(folder(), ".codex");
  const file = () => join(home(), "auth.json");
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  let tokens: IssuedTokens;
  let secretsOfFile: string[];
  let codexPath: string;

  before(async () => {
    issuer = await startIssuer({ ownKeys: [ownKey] });
  });
  after(() => issuer.close());
  beforeEach(async () => {
    resetVscode();
    codexPath = "";
    fixture = await createEditorFixture(issuer, {
      codex: {
        userHome: folder(),
        environment: { HOME: folder(), PATH: "/nowhere" },
        codexPath: () => codexPath,
      },
    });
    tokens = await signInByHttp(issuer.issuer, "plus@example.com");
    secretsOfFile = [tokens.access_token, tokens.refresh_token, tokens.id_token, ownKey];
    await mkdir(home());
    await write();
  });
  afterEach(async () => {
    issuer.faults.clear();
    assertNeverShown(...secretsOfFile);
    for (const secret of secretsOfFile) assert.ok(!fixture.lines.join("\n").includes(secret));
    await fixture.end();
  });

  const text = (more: object = {}) => JSON.stringify({ auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens, ...more });
  const write = (more: object = {}, mode = 0o600) => writeFile(file(), text(more), { mode });
  const active = () => fixture.accounts.entry()?.credential;
  const mode = () => settingOf("chatgptSignIn.authMode");
  /** A program that can be found as the CLI; it is not started by an import. */
  const installCli = async () => {
    codexPath = join(folder(), "codex");
    await writeFile(codexPath, "#!/bin/sh\nexit 1\n");
    await chmod(codexPath, 0o700);
  };
  /** Goes through with the questions that follow each other. */
  const run = (source: string | undefined, choice?: string) => {
    willAnswer(/^Import from Codex CLI$/, source);
    if (choice !== undefined) willAnswer(/^Import this login/, choice);
    return fixture.codexImport.run();
  };
  const nothingStored = () => {
    assert.equal(fixture.accounts.state.accounts.length, 0);
    assert.deepEqual((fixture.secrets as MemorySecrets).writes, 0);
    assert.equal(mode(), "apiKey");
  };

  it("shows what it found, masked, and stores nothing before the person has chosen", async () => {
    await installCli();
    await write({ OPENAI_API_KEY: ownKey, last_refresh: "2026-11-20T20:41:36Z" });
    const importing = run(here);
    const message = await until(() => state.messages[0]);
    assert.deepEqual(message.buttons, ["Link", "Copy", "Use Only the API Key"]);
    assert.equal(message.modal, true);
    for (const line of [
      "Account: plus@example.com",
      "Plan: Plus",
      `ChatGPT workspace: ${workspace}`,
      "Holds: access token, ID token, refresh token, API key sk-…1234",
    ]) {
      assert.ok(message.detail.includes(line), line);
    }
    const day = new Date("2026-11-20T20:41:36Z").toLocaleDateString("en", { dateStyle: "medium" });
    assert.ok(message.detail.includes(`\nLast refresh: ${day}`), message.detail);
    assert.doesNotMatch(message.detail, /that sign-in is replaced|Other users of this computer/);
    nothingStored();
    message.choose(undefined);
    assert.equal(await importing, undefined);
    nothingStored();
    assert.equal(sentences().length, 1);
  });

  it("says when others can read the file, and when it replaces a sign-in", async () => {
    await chmod(file(), 0o644);
    await fixture.signedIn();
    await run(here, "Copy");
    assert.match(state.messages[0]?.detail ?? "", /that sign-in is replaced/);
    assert.match(state.messages[0]?.detail ?? "", /Other users of this computer may be able to read/);
    assert.equal(fixture.accounts.state.accounts.length, 1);
    assert.equal(active()?.origin, "copied");
  });

  it("knows of a sign-in that this window has not read yet", async () => {
    await fixture.signedIn();
    const { secrets, directory } = fixture;
    fixture = await createEditorFixture(issuer, {
      ...{ secrets, directory },
      codex: { userHome: folder(), environment: { PATH: "/nowhere" } },
    });
    await run(here, "Copy");
    assert.match(state.messages[0]?.detail ?? "", /that sign-in is replaced/);
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

  it("links: no refresh token is kept here, and the mode changes", async () => {
    await installCli();
    assert.equal(await run(here, "Link"), undefined);
    const credential = active() ?? assert.fail();
    assert.equal(credential.origin, "linked");
    assert.equal(credential.tokens.refreshToken, keptByTheCli);
    assert.deepEqual(credential.link, { codexHome: home(), store: "file", refreshHere: false });
    assert.ok(![...(fixture.secrets as MemorySecrets).values.values()].join().includes(tokens.refresh_token));
    assert.equal(mode(), "chatgpt");
    assert.equal(sentences().at(-1), "You are signed in with the login of the Codex CLI.");
    assert.equal(JSON.parse(await readFile(file(), "utf8")).tokens.refresh_token, tokens.refresh_token);
  });

  for (const change of [{ rejected: "revoked" }, { origin: "linked" }] as const) {
    it(`links without asking a CLI, which fails, where nothing is given up: ${JSON.stringify(change)}`, async () => {
      await fixture.signedIn("plus@example.com", change);
      await installCli();
      await run(here, "Link");
      assert.deepEqual([active()?.origin, active()?.rejected], ["linked", undefined]);
    });
  }

  describe("where no CLI renews a link", () => {
    const warning = /^The Codex CLI is not installed here/;

    it("asks, and links nothing when the person closes the question", async () => {
      willAnswer(warning, undefined);
      assert.equal(await run(here, "Link"), undefined);
      const message = theMessage(warning);
      assert.deepEqual([message.modal, message.buttons], [true, ["Sign in with ChatGPT", "Renew the File Here"]]);
      nothingStored();
    });

    it("hands back that the person would rather sign in", async () => {
      willAnswer(warning, "Sign in with ChatGPT");
      assert.equal(await run(here, "Link"), "signIn");
      nothingStored();
    });

    it("renews the file here only when the person says so", async () => {
      willAnswer(warning, "Renew the File Here");
      await run(here, "Link");
      assert.deepEqual(active()?.link, { codexHome: home(), store: "file", refreshHere: true });
    });
  });

  it("does not give up a sign-in here for a file of which no CLI shows that it is in use", async () => {
    await fixture.signedIn();
    const before = active();
    willAnswer(/^The Codex CLI is not installed here/, "Renew the File Here");
    await assert.rejects(run(here, "Link"), /nothing shows whether this login still works/);
    assert.deepEqual(active(), before);
  });

  it("copies, makes the key that is missing, and leaves the file as it was", async () => {
    const before = await readFile(file(), "utf8");
    await run(here, "Copy");
    const credential = active() ?? assert.fail();
    assert.deepEqual([credential.origin, credential.link], ["copied", undefined]);
    assert.equal(credential.tokens.refreshToken, tokens.refresh_token);
    assert.equal(sentences().at(-1), "The login of the Codex CLI was copied.");
    await until(() => fixture.accounts.state.active?.derivedKey.status === "present");
    assert.equal(await readFile(file(), "utf8"), before);
  });

  it("does not make a key where the file has one", async () => {
    await write({ OPENAI_API_KEY: ownKey });
    const before = issuer.recordsOf("tokenExchange").length;
    await run(here, "Copy");
    await settle();
    const { derivedKey } = active() ?? assert.fail();
    assert.deepEqual(derivedKey.status === "present" && derivedKey.key, ownKey);
    assert.equal(issuer.recordsOf("tokenExchange").length, before);
  });

  describe("the API key alone", () => {
    it("becomes the own key once the API has accepted it, and the mode is its own", async () => {
      await write({ OPENAI_API_KEY: ownKey });
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      await run(here, "Use Only the API Key");
      assert.deepEqual(fixture.ownKey.current, {
        version: 1,
        key: ownKey,
        checked: true,
        apiBaseUrl: issuer.apiBaseUrl,
      });
      assert.deepEqual([fixture.accounts.state.accounts, mode()], [[], "apiKey"]);
      assert.equal(sentences().at(-1), "The API key works and is stored.");
    });

    it("leaves key and mode when the API refuses it", async () => {
      await write({ OPENAI_API_KEY: "sk-refusedKeyOfTheCodexCli" });
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      await assert.rejects(run(here, "Use Only the API Key"), (error) => isProblem(error, "keyRejected"));
      assert.deepEqual([fixture.ownKey.current, mode()], [undefined, "chatgpt"]);
    });

    it("leaves key and mode when the person drops it", async () => {
      await write({ OPENAI_API_KEY: ownKey });
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      issuer.faults.set("models", { kind: "serverError" });
      willAnswer(/could not be checked/, undefined);
      await run(here, "Use Only the API Key");
      assert.deepEqual([fixture.ownKey.current, mode()], [undefined, "chatgpt"]);
    });
  });

  it("takes a pasted content, masked, which can be copied and not linked", async () => {
    willAnswer(/^Import from Codex CLI$/, "Paste…");
    const importing = fixture.codexImport.run();
    const box = await until(() => state.questions[0]);
    assert.equal(box.password, true);
    willAnswer(/^Import this login/, "Copy");
    await box.enter(` ${text()}\n`);
    await importing;
    assert.deepEqual(theMessage(/^Import this login/).buttons, ["Copy"]);
    assert.equal(active()?.origin, "copied");
  });

  it("does nothing with a paste of nothing", async () => {
    willAnswer(/^Import from Codex CLI$/, "Paste…");
    const importing = fixture.codexImport.run();
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
    await fixture.end();
    fixture = await createEditorFixture(issuer, {
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
    assert.deepEqual(message.buttons, ["Copy"]);
    message.choose(undefined);
    await importing;
  });

  it("offers nothing where nothing can be used, and says why", async () => {
    const elsewhere = join(folder(), "other.json");
    await writeFile(elsewhere, text({ tokens: { ...tokens, refresh_token: "" } }), { mode: 0o600 });
    const importing = run("Browse…");
    (await until(() => state.dialogs[0])).choose(elsewhere);
    const message = await until(() => state.messages[0]);
    assert.deepEqual(message.buttons, []);
    assert.match(message.detail, /can be linked where the Codex CLI has it, but not copied/);
    message.choose(undefined);
    assert.equal(await importing, undefined);
    nothingStored();
  });

  const unusable: readonly [string, () => Promise<unknown>, RegExp][] = [
    ["none", () => rm(file()), /^There is no login file of the Codex CLI/],
    ["an empty one", () => writeFile(file(), ""), /is empty/],
    ["half of one", () => writeFile(file(), text().slice(0, 200)), /is damaged: it is not valid JSON/],
    ["a web page", () => writeFile(file(), "<!DOCTYPE html><p>canary-text"), /^This is a web page/],
    ["one without a login", () => writeFile(file(), "{}"), /^The Codex CLI is not signed in/],
    ["wrong types", () => write({ tokens: { access_token: 1 } }), /is damaged|lacks some/],
  ];
  for (const [name, make, sentence] of unusable) {
    it(`says what to do where the file is ${name}, and leaves who is signed in`, async () => {
      await fixture.signedIn("team@example.com");
      const { writes } = fixture.secrets as MemorySecrets;
      await make();
      await assert.rejects(run(here), (error) => error instanceof WordedProblem && sentence.test(error.message));
      assert.equal(fixture.accounts.state.active?.email, "team@example.com");
      assert.deepEqual([sentences(), (fixture.secrets as MemorySecrets).writes], [[], writes]);
      assert.equal(state.progresses[0]?.done, true);
    });
  }

  for (const choice of ["Copy", "Link"]) {
    for (const allowed of [["another"], [""], [7]]) {
      it(`stores nothing of a workspace that ${JSON.stringify(allowed)} does not allow (${choice})`, async () => {
        await installCli();
        changeSetting("chatgptSignIn.allowedWorkspaces", allowed);
        await assert.rejects(run(here, choice), (error) => isProblem(error, "workspaceNotAllowed"));
        nothingStored();
      });
    }

    it(`stores one of an allowed workspace (${choice})`, async () => {
      await installCli();
      changeSetting("chatgptSignIn.allowedWorkspaces", ["another", workspace]);
      await run(here, choice);
      assert.equal(fixture.accounts.state.active?.accountId, workspace);
    });
  }

  it("stores nothing of a login that names no workspace where only certain ones are allowed", async () => {
    issuer.setAccount("plus", { authClaims: { chatgpt_account_id: null } });
    try {
      tokens = await signInByHttp(issuer.issuer, "plus@example.com");
      await write();
      changeSetting("chatgptSignIn.allowedWorkspaces", [workspace]);
      await assert.rejects(run(here, "Copy"), (error) => isProblem(error, "workspaceNotAllowed"));
      nothingStored();
    } finally {
      issuer.setAccount("plus", { authClaims: {} });
    }
  });

  it("that cannot be stored is told, and leaves the mode", async () => {
    Object.assign(fixture.secrets, { failingStores: 1 });
    await assert.rejects(run(here, "Copy"), (error) => isProblem(error, "saveFailed"));
    assert.deepEqual([mode(), fixture.accounts.state.accounts.length], ["apiKey", 0]);
    assert.equal(sentences().length, 1);
  });

  it("is not asked for while the setting for the issuer is no address", async () => {
    changeSetting("chatgptSignIn.issuer", "javascript:alert(1)");
    await assert.rejects(run(here), (error: unknown) => isProblem(error, "badSetting"));
    assert.deepEqual(sentences(), []);
  });

  it("says in its own words what is wrong with CODEX_HOME", async () => {
    await fixture.end();
    fixture = await createEditorFixture(issuer, {
      codex: { userHome: folder(), environment: { CODEX_HOME: "/no/canary" } },
    });
    await assert.rejects(run(here), (error) => error instanceof WordedProblem && /CODEX_HOME/.test(error.message));
    assertNeverShown("/no/canary");
  });

  it("asks the same question whichever way the login came", async () => {
    willAnswer(/^Import this login/, undefined);
    await run(here);
    assert.deepEqual(sentences(), [question]);
  });
});
