import assert from "node:assert/strict";
import { ownKeyBinding } from "../../../../src/account/endpoints.ts";
import { OwnKeyStore } from "../../../../src/account/ownKey.ts";
import type { Account } from "../../../../src/account/state.ts";
import type { Consumer } from "../../../../src/editor/consumers/answers.ts";
import { type ConsumerServices, createConsumers } from "../../../../src/editor/consumers/module.ts";
import { KnownAccounts } from "../../../../src/editor/sessions/knownAccounts.ts";
import { settings } from "../../../../src/editor/vscode/settings.ts";
import { viewSchema } from "../../../../src/shared/panelProtocol.ts";
import { isProblem } from "../../../../src/shared/problem.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { MemorySecrets } from "../../../support/memorySecrets.ts";
import {
  assertNeverShown,
  changeSetting,
  resetVscode,
  settle,
  state,
  theMessage,
  willAnswer,
} from "../../../support/vscodeStub/stub.ts";
import { logInto } from "../../openai/fixture.ts";
import { MemoryMemento } from "../sessions/sessionFixture.ts";

const key = "sk-theKeyOfThePerson1234";
const setting = "chatgptSignIn.allowedExtensions";

describe("Extensions that use models, joined with the rest", () => {
  let consumers: ConsumerServices;
  let ownKey: OwnKeyStore;
  let known: KnownAccounts;
  let memory: MemoryMemento;
  const plan: Consumer = { extension: "some.extension", pays: "plan", payer: "account-1" };
  const request = (consumer: Consumer) => consumers.request(consumer, new AbortController().signal);
  const views = () => viewSchema.shape.extensions.parse(consumers.views());

  beforeEach(async () => {
    resetVscode();
    memory = new MemoryMemento();
    const log = logInto([]);
    ownKey = new OwnKeyStore({ secrets: new MemorySecrets(), log });
    await ownKey.set(key, true);
    known = new KnownAccounts(memory);
    const account = { id: "account-1", email: "ada@example.com" } as Account;
    known.update({ accounts: [account], active: account, notice: undefined }, "API key 1");
    consumers = createConsumers({
      ...{ memory, known, ownKey, log },
      clock: new ManualClock(),
    });
    state.extensions.set("some.extension", { packageJSON: { displayName: "Some Extension" } });
  });
  afterEach(() => {
    consumers.dispose();
    ownKey.dispose();
    assertNeverShown(key);
  });

  it("are listed with name, answer and who pays, also when the account has signed out, and taken back", async () => {
    willAnswer(/^Allow “Some Extension” to use your ChatGPT plan\?$/, "Allow");
    await request(plan);
    assert.match(theMessage(/./).detail, /ada@example\.com/);
    willAnswer(/^Allow an unknown extension to use your OpenAI API key\?$/, "Don't Allow");
    const payer = ownKeyBinding(key).name;
    await assert.rejects(request({ extension: "unknown", pays: "ownKey", payer }));
    known.update({ accounts: [], active: undefined, notice: undefined }, "API key 1");
    const [first, second] = views() ?? [];
    const { id, ...rest } = first ?? assert.fail("nothing is listed");
    const extension = { name: "Some Extension", extension: "some.extension" };
    assert.deepEqual(rest, { ...extension, answer: "allowed", pays: { kind: "plan", label: "ada@example.com" } });
    const { id: _other, ...more } = second ?? assert.fail("one is not listed");
    assert.deepEqual(more, {
      name: "Unknown extensions",
      answer: "refused",
      pays: { kind: "ownKey", label: "sk-…1234" },
    });
    await ownKey.set("sk-anotherKeyOfThePerson", true);
    assert.deepEqual(views()?.[1]?.pays, { kind: "ownKey" });

    for (const odd of ["", "some.extension", `${id} `, "__proto__"]) consumers.forget(odd);
    assert.equal(views()?.length, 2);
    consumers.forget(id);
    assert.equal(views()?.length, 1);
    assert.throws(
      () => consumers.assertAllowed(plan),
      (error) => isProblem(error, "extensionNotAllowed"),
    );
  });

  it("are listed where the settings allow them, or have, and can be blocked there", async () => {
    changeSetting(setting, ["Some.Extension", "some.extension", "another.one"]);
    const shown = () => views()?.map(({ extension, answer, pays }) => [extension, answer, pays?.kind]);
    assert.deepEqual(shown(), [
      ["some.extension", "setting", undefined],
      ["another.one", "setting", undefined],
    ]);
    await request(plan);
    await settle();
    assert.ok(!theMessage(/^“Some Extension” \(some\.extension\) uses your ChatGPT plan: the setting/).modal);
    assert.deepEqual(shown(), [
      ["some.extension", "setting", "plan"],
      ["another.one", "setting", undefined],
    ]);
    changeSetting(setting, []);
    assert.deepEqual(shown(), [["some.extension", "wasSetting", "plan"]]);
    changeSetting(setting, ["some.extension"]);
    await request({ ...plan, payer: "account-2" });
    for (const odd of ["", "some.extension", "__proto__"]) consumers.block(odd);
    consumers.assertAllowed(plan);
    consumers.block(views()?.[0]?.id ?? "");
    assert.deepEqual(shown(), [
      ["some.extension", "refused", "plan"],
      ["some.extension", "settingRefused", "plan"],
    ]);
    changeSetting(setting, []);
    assert.deepEqual(shown()?.[1], ["some.extension", "wasSetting", "plan"]);
    changeSetting(setting, ["some.extension"]);
    consumers.forget(views()?.[1]?.id ?? "");
    assert.deepEqual(shown(), [["some.extension", "refused", "plan"]]);
    await assert.rejects(request(plan), (error) => isProblem(error, "extensionRefused"));
  });

  it("are allowed by no setting of the folder that is open", () => {
    state.workspaceSettings.set(setting, ["some.extension"]);
    assert.deepEqual(views(), []);
    assert.throws(() => consumers.assertAllowed(plan));
  });

  it("are named as what they are", async () => {
    for (const [extension, name] of [
      ["core", "VS Code's own features, such as MCP sampling"],
      ["unknown", "Unknown extensions"],
    ] as const) {
      state.extensions.set(extension, { packageJSON: { displayName: "GitHub Copilot" } });
      willAnswer(/./, "Allow");
      await request({ ...plan, extension });
      const { name: shown, extension: id } = views()?.at(-1) ?? assert.fail("it is not listed");
      assert.deepEqual([shown, id], [name, undefined]);
    }
  });

  it("are written again when the person leaves the window, where another one has overwritten the answer", async () => {
    willAnswer(/./, "Don't Allow");
    await assert.rejects(request(plan));
    await settle();
    const written = memory.get("modelConsumers");
    await memory.update("modelConsumers", []);
    state.windowStateChanged.fire({ focused: false, active: true });
    await settle();
    assert.deepEqual(memory.get("modelConsumers"), written);
  });

  it("are allowed by no odd value of the setting", async () => {
    for (const [value, ids] of [
      [
        ["Some.Extension ", " b.c"],
        ["some.extension", "b.c"],
      ],
      ["some.extension", []],
      [{ "some.extension": true }, []],
      [true, []],
      [null, []],
      [["*", "some.*", "*.*", "some", "", "unknown", "core"], []],
      [[null, 1, ["some.extension"], { id: "some.extension" }, "b.c"], ["b.c"]],
    ] as const) {
      changeSetting(setting, value);
      assert.deepEqual(settings.allowedExtensions, ids, JSON.stringify(value));
    }
    assert.throws(() => consumers.assertAllowed(plan));
    assert.throws(() => consumers.assertAllowed({ ...plan, extension: "unknown" }));
  });
});
