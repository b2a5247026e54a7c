import assert from "node:assert/strict";
import type { ChatModelProvider } from "../../../../src/editor/chat/chatModelProvider.ts";
import { Problem } from "../../../../src/shared/problem.ts";
import { type Fixture, startFixture } from "../../openai/fixture.ts";
import { type ChatSettings, createProvider } from "./createProvider.ts";

describe("the list of models in VS Code's Chat", () => {
  let fixture: Fixture;
  let settings: ChatSettings;
  let provider: ChatModelProvider;
  beforeEach(async () => {
    fixture = await startFixture();
    settings = { authMode: "chatgpt", chatBackend: "chatgpt" };
    provider = await createProvider(fixture, settings, () => {});
  });
  afterEach(() => fixture.stop());

  it("has those of the mode in use", async () => {
    const ids = async () => (await provider.information()).map(({ id }) => id);
    const [first] = await provider.information();
    assert.equal(first?.name, "GPT-5.5");
    assert.equal(first?.detail, "ChatGPT");
    assert.deepEqual(first?.capabilities, { toolCalling: true, imageInput: true });
    assert.deepEqual(await ids(), ["gpt-5.5", "gpt-5.6-sol", "gpt-5.2"]);
    Object.assign(settings, { chatBackend: "platform" });
    assert.equal((await ids()).length, 5);
    Object.assign(settings, { authMode: "apiKey", chatBackend: "chatgpt" });
    assert.equal((await provider.information())[0]?.detail, "OpenAI API");
  });

  it("is empty, without an error, when nobody is signed in or the service is gone", async () => {
    fixture.credentials.get = () => Promise.reject(new Problem("notSignedIn"));
    assert.deepEqual(await provider.information(), []);
    fixture.credentials.get = async () => ({ bearer: "b", workspaceId: "a" });
    await fixture.stop();
    assert.deepEqual(await provider.information(), []);
  });

  it("stays as an earlier window had it when this one closes before the service answers", async () => {
    const before = [{ id: "gpt-5.5", model: {} }] as never;
    fixture.openai.dispose();
    assert.deepEqual(await provider.information(before), before);
  });

  it("stays while the settings don't allow the account", async () => {
    for (const code of ["accountNotAllowed", "allowedWorkspacesUnusable"] as const) {
      const { get } = fixture.credentials;
      assert.equal((await provider.information()).length, 3);
      fixture.credentials.get = () => Promise.reject(new Problem(code));
      assert.equal((await provider.information()).length, 3);
      fixture.credentials.get = get;
    }
  });

  it("stays while a sign-in has expired, and goes with a sign-out", async () => {
    assert.equal((await provider.information()).length, 3);
    fixture.credentials.get = () => Promise.reject(new Problem("needsSignIn"));
    assert.equal((await provider.information()).length, 3);
    fixture.credentials.get = () => Promise.reject(new Problem("notSignedIn"));
    assert.deepEqual(await provider.information(), []);
  });
});
