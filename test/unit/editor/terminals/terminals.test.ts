import assert from "node:assert/strict";
import type * as vscode from "vscode";
import { createTerminals } from "../../../../src/editor/terminals/module.ts";
import type { Notifications } from "../../../../src/editor/vscode/notifications.ts";
import type { Disposable } from "../../../../src/platform/disposables.ts";
import { changeSetting, resetVscode, settle, state, theMessage } from "../../../support/vscodeStub/stub.ts";

const name = "chatgptSignIn.terminalEnvironment";

describe("Integrated terminals", () => {
  let variables: Map<string, string>;
  let remembered: unknown;
  let offers: (() => void)[];
  let terminals: Disposable;

  function open(): void {
    const collection = {
      replace: (variable: string, value: string) => variables.set(variable, value),
      clear: () => variables.clear(),
    };
    terminals = createTerminals({
      context: { environmentVariableCollection: collection } as unknown as vscode.ExtensionContext,
      memory: {
        get: () => remembered,
        set: async (answer) => {
          remembered = answer;
        },
      },
      apiKey: () => "sk-ownKeyOfThePerson1234",
      changes: [],
      notifications: {
        warning: (_sentence: string, ways: Record<string, () => void>) => offers.push(...Object.values(ways)),
      } as unknown as Notifications,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
  }

  beforeEach(() => {
    resetVscode();
    variables = new Map();
    remembered = undefined;
    offers = [];
  });
  afterEach(() => {
    terminals.dispose();
    assert.equal(variables.size, 0);
  });

  it("have the key by the person's consent and not by the setting alone", async () => {
    open();
    changeSetting(name, true);
    await settle();
    assert.equal(variables.size, 0);
    const { modal, choose } = theMessage(/^Provide the API key to integrated terminals\?/);
    assert.equal(modal, true);
    choose("Allow");
    await settle();
    assert.deepEqual([...variables], [["OPENAI_API_KEY", "sk-ownKeyOfThePerson1234"]]);
    changeSetting(name, false);
    assert.equal(variables.size, 0);
  });

  it("do not have it while the setting is found on, nor after the question was closed", async () => {
    changeSetting(name, true);
    open();
    assert.deepEqual([variables.size, state.messages.length, offers.length], [0, 0, 1]);
    offers[0]?.();
    theMessage(/^Provide the API key/).choose(undefined);
    await settle();
    assert.deepEqual([variables.size, remembered], [0, "refused"]);
  });

  it("have it in each window whose person has answered in another", async () => {
    changeSetting(name, true);
    open();
    remembered = "allowed";
    state.windowStateChanged.fire({ focused: true, active: true });
    assert.equal(variables.size, 1);
  });
});
