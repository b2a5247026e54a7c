import assert from "node:assert/strict";
import { createApiKey } from "../../../../src/editor/apiKey/module.ts";
import type { Disposable } from "../../../../src/platform/disposables.ts";
import { sentences, settle, state, theMessage } from "../../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "../editorFixture.ts";
import { MemoryMemento } from "../sessions/sessionFixture.ts";

const key = "sk-ownKeyOfThePerson1234";

describe("The API key of a window", () => {
  let fixture: EditorFixture;
  let remembered: boolean[];
  let asked: unknown[];
  let services: Disposable | undefined;

  useEditorFixture((given) => {
    fixture = given;
  });
  beforeEach(() => {
    fixture.dispose();
    remembered = [];
    asked = [];
  });
  afterEach(() => services?.dispose());

  function open(isOwnKeyKnown = true, environment = {}): void {
    services = createApiKey({
      ...{ ownKey: fixture.ownKey, http: fixture.http, endpoints: fixture.endpoints, log: fixture.log },
      ...{ notifications: fixture.notifications, memory: new MemoryMemento(), isOwnKeyKnown, environment },
      rememberOwnKey: (isSet) => remembered.push(isSet),
      run: async (request) => void asked.push(request),
    });
  }
  const noApiKey = () => state.commands.findLast(({ args: [name] }) => name === "chatgptSignIn.noApiKey")?.args[1];

  it("is told to the menus and remembered, as it comes and goes", async () => {
    open();
    assert.deepEqual([noApiKey(), remembered], [true, [false]]);
    await fixture.ownKey.set(key, true);
    assert.deepEqual([noApiKey(), remembered], [false, [false, true]]);
    await fixture.ownKey.remove();
    assert.deepEqual([noApiKey(), remembered], [true, [false, true, false]]);
    assert.deepEqual(sentences(), []);
    services?.dispose();
    await fixture.ownKey.set(key, true);
    assert.deepEqual([noApiKey(), remembered.length], [true, 3]);
  });

  it("that could not be read is neither said to be missing nor forgotten", () => {
    open(false);
    assert.deepEqual([noApiKey(), remembered], [false, []]);
  });

  it("is offered from the environment, by the action", async () => {
    open(true, { OPENAI_API_KEY: "sk-environmentKey1234" });
    theMessage(/OPENAI_API_KEY/).choose("Use This Key");
    await settle();
    assert.deepEqual(asked, ["adoptEnvironmentKey"]);
  });
});
