import assert from "node:assert/strict";
import { isProblem, Problem, SettingProblem } from "../../../src/platform/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import type { MemorySecrets } from "../../support/memorySecrets.ts";
import {
  assertNeverShown,
  changeSetting,
  resetVscode,
  sentences,
  settle,
  state,
  until,
  willAnswer,
} from "../../support/vscodeStub/stub.ts";
import { createEditorBed, type EditorBed } from "./editorBed.ts";

const good = "sk-ownKeyOfThePerson1234";
const other = "sess-otherKeyOfThePerson";
const unknown = "sk-unknownKeyOfNobody123";
const uncheckable = /could not be checked because the API did not answer as it should/;

describe("The own API key", () => {
  let issuer: TestIssuer;
  let bed: EditorBed;
  before(async () => {
    issuer = await startIssuer({ ownKeys: [good, other] });
  });
  after(() => issuer.close());
  beforeEach(async () => {
    resetVscode();
    bed = await createEditorBed(issuer);
  });
  afterEach(async () => {
    issuer.faults.clear();
    assertNeverShown(good, other, unknown);
    for (const key of [good, other, unknown]) assert.ok(!bed.lines.join("\n").includes(key));
    await bed.end();
  });
  /** What is kept of a key: also the API that it was set for. */
  const stored = (key: string) => ({ version: 1, key, checked: true, apiBaseUrl: issuer.apiBaseUrl });
  const models = () => issuer.recordsOf("models").length;

  it("is asked for in a masked box, checked, and stored", async () => {
    const setting = bed.ownKeyActions.set();
    const [box] = state.questions;
    assert.equal(box?.password, true);
    await box?.enter(` ${good}\n`);
    await setting;
    assert.deepEqual(bed.ownKey.current, stored(good));
    assert.deepEqual(sentences(), ["The API key works and is stored."]);
    assert.deepEqual([state.progresses[0]?.title, state.progresses[0]?.done], ["Checking the API key…", true]);
  });

  it("is looked at while it is typed", async () => {
    const setting = bed.ownKeyActions.set();
    const [box] = state.questions;
    assert.equal(await box?.validate(""), undefined);
    assert.equal(await box?.validate(` ${good} `), undefined);
    for (const wrong of ["pk-123456789012", "sk-", `${good}!`, `x${good}`, "sk-a b c d e f g h i"]) {
      assert.match((await box?.validate(wrong)) ?? "", /^An OpenAI API key starts with “sk-” or “sess-”/, wrong);
    }
    await box?.enter(undefined);
    await setting;
  });

  for (const [name, value] of [
    ["closed", undefined],
    ["left empty", "  "],
  ] as const) {
    it(`is left alone when the box is ${name}`, async () => {
      await bed.ownKey.set(other, true);
      const before = models();
      willAnswer(/Set OpenAI API Key/, value);
      await bed.ownKeyActions.set();
      assert.equal(bed.ownKey.current?.key, other);
      assert.deepEqual([models(), sentences()], [before, []]);
    });
  }

  it("that the API refuses is not stored, and the one before stays", async () => {
    await bed.ownKey.set(other, true);
    willAnswer(/Set OpenAI API Key/, unknown);
    await assert.rejects(bed.ownKeyActions.set(), (error) => isProblem(error, "keyRejected"));
    assert.equal(bed.ownKey.current?.key, other);
    assert.deepEqual(sentences(), []);
  });

  for (const kind of ["serverError", "html", "closeBefore"] as const) {
    it(`that cannot be checked (${kind}) is kept only when the person says so`, async () => {
      issuer.faults.set("models", { kind });
      for (const answer of [undefined, "Keep It"]) {
        willAnswer(/Set OpenAI API Key/, good);
        willAnswer(uncheckable, answer);
        await bed.ownKeyActions.set();
        assert.deepEqual(bed.ownKey.current, answer && { ...stored(good), checked: false });
      }
      const [asked] = state.messages;
      assert.deepEqual([asked?.modal, asked?.kind, asked?.buttons], [true, "warning", ["Keep It"]]);
      assert.equal(sentences().at(-1), "The API key is stored without a check.");
      assert.equal(sentences().length, 3);
    });
  }

  it("is dropped when the person ends the check, without another question", async () => {
    issuer.faults.set("models", { kind: "slow", delayMs: 20_000 });
    const adopting = bed.ownKeyActions.adopt(good);
    await until(() => state.progresses[0]);
    assert.equal(state.progresses[0]?.cancellable, true);
    state.progresses[0]?.cancel();
    assert.equal(await adopting, false);
    assert.deepEqual([bed.ownKey.current, sentences()], [undefined, []]);
  });

  it("that cannot be stored is told, and the one before stays", async () => {
    await bed.ownKey.set(other, true);
    Object.assign(bed.secrets, { failingStores: 1 });
    await assert.rejects(bed.ownKeyActions.adopt(good), (error) => isProblem(error, "saveFailed"));
    assert.equal(bed.ownKey.current?.key, other);
    assert.deepEqual(sentences(), []);
  });

  it("is not asked for while the setting for the API's address is no address", async () => {
    changeSetting("chatgptSignIn.apiBaseUrl", "ftp://canary.example");
    await assert.rejects(bed.ownKeyActions.set(), SettingProblem);
    assert.deepEqual(state.questions, []);
    assert.throws(() => bed.ownKeyActions.adopt(good), SettingProblem);
  });

  it("that two commands set at once ends as one of them", async () => {
    const one = bed.ownKeyActions.set();
    const two = bed.ownKeyActions.set();
    await state.questions[0]?.enter(good);
    await state.questions[1]?.enter(other);
    await Promise.all([one, two]);
    const { nonce: _nonce, ...stored } = JSON.parse((bed.secrets as MemorySecrets).values.get("ownKey") ?? "");
    assert.deepEqual(bed.ownKey.current, stored);
    assert.equal(sentences().length, 2);
  });

  describe("is removed", () => {
    beforeEach(() => bed.ownKey.set(good, true));

    it("once the person says so in a modal, which says that it stays valid", async () => {
      const removing = bed.ownKeyActions.remove();
      const message = await until(() => state.messages[0]);
      assert.equal(message.modal, true);
      assert.match(message.detail, /stays valid until you delete it at platform\.openai\.com/);
      assert.equal(bed.ownKey.current?.key, good);
      message.choose("Remove");
      await removing;
      assert.equal(bed.ownKey.current, undefined);
      assert.equal(await bed.secrets.get("ownKey"), undefined);
      assert.equal(sentences().at(-1), "The API key was removed from this computer.");
    });

    it("not when the person closes the question", async () => {
      willAnswer(/^Remove the OpenAI API key/, undefined);
      await bed.ownKeyActions.remove();
      await settle();
      assert.equal(bed.ownKey.current?.key, good);
      assert.equal(sentences().length, 1);
    });

    it("not when there is none, which is said", async () => {
      await bed.ownKey.remove();
      await assert.rejects(bed.ownKeyActions.remove(), (error) => isProblem(error, "noApiKey"));
      assert.deepEqual(sentences(), []);
      await bed.actions.removeApiKey();
      assert.deepEqual(sentences(), [new Problem("noApiKey").message]);
    });
  });
});
