import assert from "node:assert/strict";
import * as vscode from "vscode";
import { manifest } from "../support/manifest.ts";

const provider = "chatgpt";

describe("the authentication provider in its host", () => {
  before(async () => {
    await vscode.extensions.getExtension(`${manifest.publisher}.${manifest.name}`)?.activate();
  });

  it("is the one that is contributed, and nobody else can take its place", async () => {
    assert.deepEqual(manifest.contributes.authentication, [{ id: provider, label: "ChatGPT" }]);
    const session = { id: "x", accessToken: "x", account: { id: "x", label: "impostor" }, scopes: ["chatgpt"] };
    const changes = new vscode.EventEmitter<vscode.AuthenticationProviderAuthenticationSessionsChangeEvent>();
    const impostor: vscode.AuthenticationProvider = {
      onDidChangeSessions: changes.event,
      getSessions: async () => [session],
      createSession: async () => session,
      removeSession: async () => {},
    };
    try {
      vscode.authentication.registerAuthenticationProvider(provider, "ChatGPT", impostor);
    } catch {
      // Some versions of VS Code refuse at once, others later.
    }
    assert.deepEqual(await vscode.authentication.getAccounts(provider), []);
  });

  it("has no account and no session while nobody is signed in, whatever is asked for", async () => {
    assert.deepEqual(await vscode.authentication.getAccounts(provider), []);
    for (const scopes of [[], ["openai.api-key"], ["chatgpt"], ["openid", "email"]]) {
      assert.equal(await vscode.authentication.getSession(provider, scopes, { silent: true }), undefined);
    }
  });

  it("exports nothing", () => {
    const extension = vscode.extensions.getExtension(`${manifest.publisher}.${manifest.name}`);
    assert.equal(extension?.exports, undefined);
    assert.equal(manifest.api, "none");
  });

  it("keeps its settings out of a workspace's reach", () => {
    const properties = manifest.contributes.configuration.properties as Record<string, { scope: string }>;
    for (const [name, { scope }] of Object.entries(properties)) assert.equal(scope, "application", name);
  });

  it("leaves the terminals alone while its setting is off", () => {
    const inspected = vscode.workspace.getConfiguration("chatgptSignIn").inspect("terminalEnvironment");
    assert.equal(inspected?.defaultValue, false);
  });
});
