import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { isProblem } from "../../../../src/shared/problem.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import {
  changeSetting,
  sentences,
  settle,
  state,
  theMessage,
  until,
  willAnswer,
} from "../../../support/vscodeStub/stub.ts";
import { here, ownKey, useImport, workspace } from "./importFixture.ts";

describe("Importing from the Codex CLI", () => {
  const { home, file, issuer, editor, tokens, write, active, mode, installCli, run, nothingStored, signInAgain } =
    useImport();

  it("links: no refresh token is kept here, and the mode changes", async () => {
    await installCli();
    assert.equal(await run(here, "Link"), undefined);
    const credential = active() ?? assert.fail();
    assert.equal(credential.origin, "linked");
    assert.equal(credential.tokens.refreshToken, undefined);
    assert.deepEqual(credential.link, { codexHome: home(), store: "file", refreshHere: false });
    assert.ok(![...(editor().secrets as MemorySecrets).values.values()].join().includes(tokens().refresh_token));
    assert.equal(mode(), "chatgpt");
    assert.equal(sentences().at(-1), "You're signed in with the Codex CLI's login.");
    assert.equal(JSON.parse(await readFile(file(), "utf8")).tokens.refresh_token, tokens().refresh_token);
  });

  for (const change of [{ rejected: "revoked" }, { origin: "linked" }] as const) {
    it(`links without asking a Codex CLI, which fails, where nothing is given up: ${JSON.stringify(change)}`, async () => {
      await editor().signedIn("plus@example.com", change);
      await installCli();
      await run(here, "Link");
      assert.deepEqual([active()?.origin, active()?.rejected], ["linked", undefined]);
    });
  }

  describe("where no Codex CLI refreshes a link", () => {
    const warning = /^The Codex CLI isn't installed here/;

    it("asks, and links nothing when the person closes the question", async () => {
      willAnswer(warning, undefined);
      assert.equal(await run(here, "Link"), undefined);
      const message = theMessage(warning);
      assert.deepEqual(
        [message.modal, message.buttons],
        [true, ["Don't Link", "Sign in with ChatGPT", "Let This Extension Refresh It"]],
      );
      nothingStored();
    });

    it("hands back that the person would rather sign in", async () => {
      willAnswer(warning, "Sign in with ChatGPT");
      assert.equal(await run(here, "Link"), "signIn");
      nothingStored();
    });

    it("refreshes the file here only when the person agrees", async () => {
      willAnswer(warning, "Let This Extension Refresh It");
      await run(here, "Link");
      assert.deepEqual(active()?.link, { codexHome: home(), store: "file", refreshHere: true });
    });
  });

  it("does not give up a sign-in here for a file of which no Codex CLI shows that it is in use", async () => {
    await editor().signedIn();
    const before = active();
    willAnswer(/^The Codex CLI isn't installed here/, "Let This Extension Refresh It");
    await assert.rejects(run(here, "Link"), { code: "loginNotConfirmed" });
    assert.deepEqual(active(), before);
  });

  it("copies, makes the key that is missing, and leaves the file as it was", async () => {
    const before = await readFile(file(), "utf8");
    await run(here, "Copy");
    const credential = active() ?? assert.fail();
    assert.deepEqual([credential.origin, credential.link], ["copied", undefined]);
    assert.equal(credential.tokens.refreshToken, tokens().refresh_token);
    assert.equal(sentences().at(-1), "The Codex CLI's login was copied.");
    await until(() => editor().accounts.state.active?.derivedKey.status === "present");
    assert.equal(await readFile(file(), "utf8"), before);
  });

  it("does not make a key where the file has one", async () => {
    await write({ OPENAI_API_KEY: ownKey });
    const before = issuer().recordsOf("tokenExchange").length;
    await run(here, "Copy");
    await settle();
    const { derivedKey } = active() ?? assert.fail();
    assert.deepEqual(derivedKey.status === "present" && derivedKey.key, ownKey);
    assert.equal(issuer().recordsOf("tokenExchange").length, before);
  });

  describe("the API key alone", () => {
    it("becomes the own key once the API has accepted it, and the mode is its own", async () => {
      await write({ OPENAI_API_KEY: ownKey });
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      await run(here, "Use Only the API Key");
      assert.deepEqual(editor().ownKey.current, {
        version: 1,
        key: ownKey,
        checked: true,
        apiBaseUrl: issuer().apiBaseUrl,
      });
      assert.deepEqual([editor().accounts.state.accounts, mode()], [[], "apiKey"]);
      assert.equal(sentences().at(-1), "API key verified and saved.");
    });

    it("says which saved key it would replace, and that of no other choice", async () => {
      await write({ OPENAI_API_KEY: ownKey });
      for (const [saved, replaced] of [
        ["sk-savedByThePerson5678", 1],
        [ownKey, 0],
      ] as const) {
        await editor().ownKey.set(saved, true);
        state.messages.length = 0;
        willAnswer(/^Import this Codex CLI login/, undefined);
        await run(here);
        const { detail } = theMessage(/^Import this Codex CLI login/);
        assert.equal(detail.match(/It replaces the API key sk-…5678 that is saved here\./g)?.length ?? 0, replaced);
        if (replaced) assert.match(detail, /^Use Only the API Key: .* It replaces the API key/m);
        assert.equal(editor().ownKey.current?.key, saved);
      }
    });

    it("leaves key and mode when the API refuses it", async () => {
      await write({ OPENAI_API_KEY: "sk-refusedKeyOfTheCodexCli" });
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      await assert.rejects(run(here, "Use Only the API Key"), (error) => isProblem(error, "keyRejected"));
      assert.deepEqual([editor().ownKey.current, mode()], [undefined, "chatgpt"]);
    });

    it("leaves key and mode when the person drops it", async () => {
      await write({ OPENAI_API_KEY: ownKey });
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      issuer().faults.set("models", { kind: "serverError" });
      willAnswer(/couldn't be verified/, undefined);
      await run(here, "Use Only the API Key");
      assert.deepEqual([editor().ownKey.current, mode()], [undefined, "chatgpt"]);
    });
  });

  for (const choice of ["Copy", "Link"]) {
    for (const allowed of [["another"], [""], [7], workspace, {}, null]) {
      it(`stores nothing of a workspace that ${JSON.stringify(allowed)} does not allow (${choice})`, async () => {
        await installCli();
        changeSetting("chatgptSignIn.allowedWorkspaces", allowed);
        await assert.rejects(run(here, choice), (error) => isProblem(error, "workspaceNotAllowed"));
        nothingStored();
      });
    }

    it(`stores one of an allowed workspace (${choice})`, async () => {
      await installCli();
      changeSetting("chatgptSignIn.allowedWorkspaces", ["another", ` ${workspace.toUpperCase()}`]);
      await run(here, choice);
      assert.equal(editor().accounts.state.active?.workspaceId, workspace);
    });
  }

  it("stores nothing of a login that names no workspace where only certain ones are allowed", async () => {
    issuer().setAccount("plus", { authClaims: { chatgpt_account_id: null } });
    try {
      await signInAgain();
      changeSetting("chatgptSignIn.allowedWorkspaces", [workspace]);
      await assert.rejects(run(here, "Copy"), (error) => isProblem(error, "workspaceNotAllowed"));
      nothingStored();
    } finally {
      issuer().setAccount("plus", { authClaims: {} });
    }
  });

  it("that cannot be stored is told, and leaves the mode", async () => {
    Object.assign(editor().secrets, { failingStores: 1 });
    await assert.rejects(run(here, "Copy"), (error) => isProblem(error, "saveFailed"));
    assert.deepEqual([mode(), editor().accounts.state.accounts.length], ["apiKey", 0]);
    assert.equal(sentences().length, 1);
  });
});
