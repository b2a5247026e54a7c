import assert from "node:assert/strict";
import type * as vscode from "vscode";
import { registerAuthenticationProvider } from "../../../../src/editor/sessions/authenticationProvider.ts";
import { KnownAccounts } from "../../../../src/editor/sessions/knownAccounts.ts";
import type { Sessions } from "../../../../src/editor/sessions/sessions.ts";
import { Problem } from "../../../../src/shared/problem.ts";
import { unexpectedSentence } from "../../../../src/shared/words.ts";
import { resetVscode, state } from "../../../support/vscodeStub/stub.ts";
import { logInto } from "../../openai/fixture.ts";
import { MemoryMemento } from "./sessionFixture.ts";

describe("The authentication provider", () => {
  let log: string[];
  let memento: MemoryMemento;
  let load: () => Promise<Sessions>;
  let loads: number;

  beforeEach(() => {
    resetVscode();
    log = [];
    loads = 0;
    memento = new MemoryMemento();
    load = () => assert.fail("nothing to load");
  });

  function register(): vscode.AuthenticationProvider {
    registerAuthenticationProvider({
      context: { subscriptions: [] },
      known: new KnownAccounts(memento),
      isLoaded: () => false,
      load: () => {
        loads += 1;
        return load();
      },
      log: logInto(log),
    });
    return state.authenticationProviders.get("chatgpt") as vscode.AuthenticationProvider;
  }

  it("lists the accounts from memory, and loads what has tokens", async () => {
    await memento.update("known", { accounts: [{ id: "a", label: "ada@example.com" }], active: "a", ownKey: true });
    const provider = register();
    const labels = (await provider.getSessions(undefined, {})).map(({ account }) => account.label);
    assert.deepEqual([labels, loads], [["OpenAI API key", "ada@example.com"], 0]);
    // A key is of no workspace.
    state.settings.set("chatgptSignIn.allowedWorkspaces", ["w-2"]);
    assert.deepEqual(
      (await provider.getSessions([], {})).map(({ account }) => account.label),
      ["OpenAI API key"],
    );
    load = async () => ({ get: async (...asked: unknown[]) => asked }) as unknown as Sessions;
    assert.deepEqual(await provider.getSessions(["chatgpt"], {}), [["chatgpt"], undefined]);
    assert.equal(loads, 1);
  });

  it("tells from memory what the Accounts menu needs, and the rest only for an extension that was let", async () => {
    const [id, label, plan, chatgptAccountId] = ["a", "ada@example.com", "plus", "w-1"];
    await memento.update("known", { accounts: [{ id, label, plan, chatgptAccountId }], active: id, ownKey: false });
    const provider = register();
    const account = async (scopes: string[] | undefined) => (await provider.getSessions(scopes, {}))[0]?.account;
    assert.deepEqual(await account(undefined), { id, label });
    assert.deepEqual(await account([]), { id, label, plan, chatgptAccountId });
    state.settings.set("chatgptSignIn.allowedWorkspaces", ["w-2"]);
    assert.deepEqual([await account(undefined), await account([])], [{ id, label }, undefined]);
    assert.equal(loads, 0);
  });

  it("gives our sentence and no stack, whatever fails, and logs what it was", async () => {
    const foreign = new Error("Bearer abc, from somewhere");
    const problem = new Problem("keyringFailed", "detail");
    const provider = register();
    const fail = (error: Error) => [
      () => Promise.reject(error),
      async () => new Proxy({}, { get: (_of, name) => (name === "then" ? undefined : () => Promise.reject(error)) }),
    ];
    for (const error of [foreign, problem]) {
      const message = error === problem ? problem.message : unexpectedSentence();
      for (const failing of fail(error)) {
        load = failing as typeof load;
        const requests = [
          () => provider.getSessions(["chatgpt"], {}),
          () => provider.createSession(["chatgpt"], {}),
          () => provider.removeSession("a/chatgpt"),
        ];
        for (const request of requests) {
          await assert.rejects(async () => request(), { name: "Error", message, stack: "" });
          assert.match(log.pop() ?? "", /^A request for sessions failed: (Error|Problem keyringFailed \(detail\))$/);
        }
      }
    }
    assert.deepEqual(log, []);
  });
});
