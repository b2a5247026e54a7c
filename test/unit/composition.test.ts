import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as vscode from "vscode";
import { compose } from "../../src/composition.ts";
import { KnownAccounts } from "../../src/editor/sessions/knownAccounts.ts";
import { scopesOf } from "../../src/editor/sessions/sessionScopes.ts";
import { Hints } from "../../src/editor/vscode/hints.ts";
import { isProblem, Problem } from "../../src/shared/problem.ts";
import { startIssuer } from "../issuer/issuer.ts";
import { signInByHttp } from "../issuer/login.ts";
import type { TestIssuer } from "../issuer/types.ts";
import { credentialFor } from "../support/accountFixture.ts";
import { MemorySecrets } from "../support/memorySecrets.ts";
import { createServices } from "../support/services.ts";
import { changeSetting, resetVscode, state, until } from "../support/vscodeStub/stub.ts";
import { Uri } from "../support/vscodeStub/vscode.ts";
import { always } from "./account/fixture.ts";
import { MemoryMemento } from "./editor/sessions/sessionFixture.ts";
import { logInto } from "./openai/fixture.ts";

describe("The services of a window", () => {
  let directory: string;
  let secrets: MemorySecrets;
  let memory: MemoryMemento;
  let log: string[];
  let modelsChanged: number;
  let secretListeners: number;

  beforeEach(async () => {
    resetVscode();
    directory = await mkdtemp(join(tmpdir(), "chatgpt-sign-in-"));
    secrets = new MemorySecrets({ reliable: true });
    secretListeners = 0;
    const { onDidChange } = secrets;
    const counted: typeof onDidChange = (listener) => {
      secretListeners += 1;
      const subscription = onDidChange(listener);
      return {
        dispose: () => {
          secretListeners -= 1;
          subscription.dispose();
        },
      };
    };
    Object.assign(secrets, { onDidChange: counted });
    memory = new MemoryMemento();
    log = [];
    modelsChanged = 0;
  });
  afterEach(() => rm(directory, { recursive: true }));

  function open() {
    const extension = { packageJSON: { version: "0.1.0" }, extensionKind: 1 };
    const extensionUri = Uri.file("/extension");
    const environmentVariableCollection = { replace() {}, clear() {} };
    const context = { secrets, extension, extensionUri, environmentVariableCollection, globalState: memory };
    return compose({
      context: { ...context, globalStorageUri: Uri.file(directory) } as unknown as vscode.ExtensionContext,
      ...{ memory, hints: new Hints(memory), known: new KnownAccounts(memory) },
      ...{ log: logInto(log), showLog: () => {}, environment: {}, linkProof: "proof" },
      onModelsChanged: () => {
        modelsChanged += 1;
      },
      onSessionsChanged: () => {},
    });
  }

  /** Who listens to VS Code. */
  const listeners = () =>
    state.configurationChanged.listenerCount + state.windowStateChanged.listenerCount + secretListeners;

  it("leave nothing behind when the key that requests use cannot be read, and can be had the next time", async () => {
    changeSetting("chatgptSignIn.authMode", "apiKey");
    await memory.update("signedIn", true);
    secrets.script("get", "*", ...Array<"rejects">(20).fill("rejects"));
    await assert.rejects(open(), (error) => isProblem(error, "keyringFailed"));
    assert.deepEqual([listeners(), state.commands, state.messages], [0, [], []]);
    secrets.settle();
    await memory.update("signedIn", false);
    const services = await open();
    assert.ok(listeners() > 0);
    await services.dispose();
  });

  for (const authMode of ["chatgpt", "apiKey"]) {
    it(`stand while it cannot be read who is signed in, and find out later (${authMode})`, async () => {
      changeSetting("chatgptSignIn.authMode", authMode);
      await memory.update("signedIn", true);
      for (const key of ["accounts", "accounts.copy"]) secrets.script("get", key, ...always("rejects" as const));
      const services = await open();
      const told = () => state.messages.splice(0).map(({ text }) => text);
      assert.deepEqual(told(), []);
      const failed = new Problem("keyringFailed").message;
      for (const action of ["signOut", "refresh", "readAccounts"] as const) {
        await services.run(action);
        assert.deepEqual(told(), [failed], action);
      }
      await assert.rejects(services.sessions.get(scopesOf.chatgpt), (error) => isProblem(error, "keyringFailed"));
      secrets.settle();
      // Nobody was.
      await memory.update("signedIn", false);
      await services.run("readAccounts");
      assert.deepEqual(told(), []);
      assert.deepEqual(await services.sessions.get(scopesOf.chatgpt), []);
      await services.dispose();
    });
  }

  it("tell that the models have changed for each setting of ours, until they are disposed", async () => {
    const services = await open();
    changeSetting("chatgptSignIn.chatBackend", "platform");
    assert.equal(modelsChanged, 1);
    changeSetting("editor.fontSize", 12);
    assert.equal(modelsChanged, 1);
    await services.dispose();
    changeSetting("chatgptSignIn.chatBackend", "chatgpt");
    assert.deepEqual([modelsChanged, listeners()], [1, 0]);
  });

  describe("of somebody who is signed in", () => {
    let issuer: TestIssuer;
    before(async () => {
      issuer = await startIssuer();
    });
    after(() => issuer.close());
    afterEach(() => issuer.faults.clear());

    it("store a refresh that is under way before they end", async () => {
      const before = await createServices({ issuer: issuer.issuer, secrets, directory });
      const credential = credentialFor(issuer.issuer, await signInByHttp(issuer.issuer, "plus@example.com"));
      await before.accounts.storeSignIn(credential);
      await memory.update("signedIn", true);
      const services = await open();
      issuer.faults.set("token", { kind: "slow", delayMs: 300 });
      const refreshing = services.run("refresh");
      await until(() => issuer.records.some((record) => record.type === "fault" && record.kind === "slow"));
      await services.dispose();
      await before.accounts.reload();
      const kept = before.accounts.entry(credential.id)?.credential;
      assert.ok(kept && kept.tokens.accessToken !== credential.tokens.accessToken);
      await refreshing;
    });

    it("end before VS Code ends them, also while the issuer does not answer", async () => {
      const before = await createServices({ issuer: issuer.issuer, secrets, directory });
      const credential = credentialFor(issuer.issuer, await signInByHttp(issuer.issuer, "plus@example.com"));
      await before.accounts.storeSignIn(credential);
      await memory.update("signedIn", true);
      const services = await open();
      const slow = () => issuer.records.filter((record) => record.type === "fault" && record.kind === "slow").length;
      const known = slow();
      issuer.faults.set("token", { kind: "slow", delayMs: 25_000, grant: "refresh_token" });
      const refreshing = Promise.resolve(services.run("refresh")).then(() => "answered");
      await until(() => slow() > known);
      // If it waited for the answer, it would come last.
      assert.equal(await Promise.race([services.dispose().then(() => "ended"), refreshing]), "ended");
    });
  });
});
