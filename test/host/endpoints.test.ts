import assert from "node:assert/strict";
import * as vscode from "vscode";
import { useService } from "./signedIn.ts";

describe("a service in the settings that nobody has allowed", () => {
  const service = useService();

  it("gets nothing where no dialog can be shown", async () => {
    await vscode.commands.executeCommand("chatgptSignIn.signIn");
    const { issuer, fakeApi } = service();
    assert.deepEqual([issuer.records, fakeApi.records], [[], []]);
  });
});
