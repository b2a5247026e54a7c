import assert from "node:assert/strict";
import * as vscode from "vscode";
import { demoAccount } from "../support/loginPage.ts";
import { eventually } from "../support/timing.ts";
import { anotherExtension } from "./anotherExtension.ts";
import { signIn, signOut, useService } from "./signedIn.ts";

describe("an account, to another extension that the person has allowed nothing", () => {
  const service = useService();
  let api: typeof vscode;

  before(async () => {
    api = await anotherExtension();
    await signIn();
  });
  after(() => signOut());

  const accounts = () => api.authentication.getAccounts("chatgpt");

  it("is an opaque id and a label, as VS Code's menu needs them, and nothing else", async () => {
    await eventually(async () => assert.equal((await accounts()).length, 1));
    const [account] = await accounts();
    // The icon is VS Code's own.
    const given = Object.keys(account ?? {}).filter((name) => name !== "icon");
    assert.deepEqual(given.sort(), ["id", "label"]);
    assert.match(account?.id ?? "", /^[0-9a-f]{16}$/);
    // With more where other tests have signed in with the same email elsewhere.
    assert.ok(account?.label.startsWith(demoAccount.email));
    for (const scopes of [[], ["chatgpt"], ["openai.api-key"]]) {
      assert.equal(await api.authentication.getSession("chatgpt", scopes, { silent: true }), undefined);
    }
  });

  it("is not signed out by a command: the person is asked, and nobody has agreed", async () => {
    assert.equal(await api.commands.executeCommand("chatgptSignIn.signOut", "an argument"), undefined);
    assert.equal((await accounts()).length, 1);
    assert.deepEqual(service().issuer.recordsOf("revoke"), []);
  });

  it("answers no command, and puts nothing on the clipboard", async () => {
    await api.env.clipboard.writeText("before");
    for (const id of ["copySignInLink", "copyDeviceCode", "refresh"]) {
      assert.equal(await api.commands.executeCommand(`chatgptSignIn.${id}`, "an argument"), undefined);
    }
    assert.equal(await api.env.clipboard.readText(), "before");
  });

  it("cannot be used while the settings don't allow its ChatGPT workspace, and stays signed in", async () => {
    const configuration = vscode.workspace.getConfiguration("chatgptSignIn");
    const update = (name: string, value: unknown) =>
      configuration.update(name, value, vscode.ConfigurationTarget.Global);
    const set = (value: unknown) => update("allowedWorkspaces", value);
    // Whether this extension may use models is another question.
    await update("allowedExtensions", ["tests.probe"]);
    const ask = async () => {
      const [model] = await api.lm.selectChatModels({ vendor: "chatgpt-sign-in" });
      assert.ok(model);
      const answer = await model.sendRequest([api.LanguageModelChatMessage.User("x")]);
      for await (const _part of answer.stream);
    };
    await eventually(async () => assert.ok((await api.lm.selectChatModels({ vendor: "chatgpt-sign-in" })).length > 0));
    const asked = service().fakeApi.responses.length;
    for (const value of [["another-workspace"], "no list"]) {
      await set(value);
      await eventually(() =>
        assert.rejects(ask, { message: /“chatgptSignIn\.allowedWorkspaces”/, code: "NoPermissions" }),
      );
    }
    assert.equal(service().fakeApi.responses.length, asked);
    assert.equal((await accounts()).length, 1);
    await set(undefined);
    await eventually(ask);
    await update("allowedExtensions", undefined);
  });
});
