import assert from "node:assert/strict";
import { ownKeyBinding } from "../../../../src/account/endpoints.ts";
import { OwnKeyStore } from "../../../../src/account/ownKey.ts";
import type { Account } from "../../../../src/account/state.ts";
import type { Consumer } from "../../../../src/editor/consumers/answers.ts";
import { type ConsumerServices, createConsumers } from "../../../../src/editor/consumers/module.ts";
import { KnownAccounts } from "../../../../src/editor/sessions/knownAccounts.ts";
import { Notifications } from "../../../../src/editor/vscode/notifications.ts";
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
  let ran: unknown[];
  const plan: Consumer = { extension: "some.extension", pays: "plan", payer: "account-1" };
  const request = (consumer: Consumer) => consumers.request(consumer, new AbortController().signal);
  const views = () => viewSchema.shape.extensions.parse(consumers.views());

  beforeEach(async () => {
    resetVscode();
    ran = [];
    const memory = new MemoryMemento();
    const log = logInto([]);
    ownKey = new OwnKeyStore({ secrets: new MemorySecrets(), log });
    await ownKey.set(key, true);
    known = new KnownAccounts(memory);
    const account = { id: "account-1", email: "ada@example.com" } as Account;
    known.update({ accounts: [account], active: account, notice: undefined }, true);
    consumers = createConsumers({
      ...{ memory, known, ownKey, log },
      notifications: new Notifications(log, () => {}),
      run: async (action) => void ran.push(action),
      clock: new ManualClock(),
    });
    state.extensions.set("some.extension", { packageJSON: { displayName: "Some Extension" } });
  });
  afterEach(() => {
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
    known.update({ accounts: [], active: undefined, notice: undefined }, true);
    const extension = { id: "some.extension", name: "Some Extension" };
    const [first, second] = views() ?? [];
    const { id, ...rest } = first ?? assert.fail("nothing is listed");
    assert.deepEqual(rest, { extension, answer: "allowed", pays: { kind: "plan", label: "ada@example.com" } });
    const { id: _other, ...more } = second ?? assert.fail("one is not listed");
    assert.deepEqual(more, { answer: "refused", pays: { kind: "ownKey", label: "sk-…1234" } });
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

  it("are listed where the settings allow them, and the person is told without a link of theirs", async () => {
    state.extensions.set("some.extension", { packageJSON: { displayName: "[x](command:evil)" } });
    changeSetting(setting, ["Some.Extension", "some.extension", "another.one"]);
    assert.deepEqual(
      views()?.map(({ id, answer, pays }) => [id, answer, pays]),
      [
        ["some.extension", "setting", undefined],
        ["another.one", "setting", undefined],
      ],
    );
    await request(plan);
    const { text, modal, choose } = theMessage(/./);
    assert.equal(text, "Your settings allow the extension some.extension to use your ChatGPT plan.");
    assert.equal(modal, false);
    choose("Review…");
    await settle();
    assert.deepEqual(ran, ["openSettings"]);
    await request({ ...plan, pays: "accountKey" });
    theMessage(/^Your settings allow the extension some\.extension to use your OpenAI API key\.$/);
    changeSetting(setting, []);
    assert.deepEqual(views(), []);
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
