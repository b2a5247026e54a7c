import assert from "node:assert/strict";
import { isProblem, Problem } from "../../../../src/shared/problem.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import {
  assertNeverShown,
  changeSetting,
  sentences,
  settle,
  state,
  until,
  willAnswer,
} from "../../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "../editorFixture.ts";

const good = "sk-ownKeyOfThePerson1234";
const other = "sess-otherKeyOfThePerson";
const unknown = "sk-unknownKeyOfNobody123";
const uncheckable = /couldn't be verified because the API didn't respond as expected/;

describe("The own API key", () => {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  useEditorFixture(
    (given, from) => {
      fixture = given;
      issuer = from;
    },
    { ownKeys: [good, other] },
  );
  afterEach(() => {
    assertNeverShown(good, other, unknown);
    for (const key of [good, other, unknown]) assert.ok(!fixture.lines.join("\n").includes(key));
  });
  /** What is kept of a key: also the API that it was set for. */
  const stored = (key: string) => ({ version: 1, key, checked: true, apiBaseUrl: issuer.apiBaseUrl });
  const models = () => issuer.recordsOf("models").length;

  it("is asked for in a masked box, checked, and stored", async () => {
    const setting = fixture.ownKeyActions.set();
    const [box] = state.questions;
    assert.equal(box?.password, true);
    await box?.enter(` ${good}\n`);
    await setting;
    assert.deepEqual(fixture.ownKey.current, stored(good));
    assert.deepEqual(sentences(), ["API key verified and saved."]);
    assert.deepEqual([state.progresses[0]?.title, state.progresses[0]?.done], ["Verifying the API key…", true]);
  });

  it("is looked at while it is typed", async () => {
    const setting = fixture.ownKeyActions.set();
    const [box] = state.questions;
    assert.equal(await box?.validate(""), undefined);
    assert.equal(await box?.validate(` ${good} `), undefined);
    for (const wrong of ["pk-123456789012", "sk-", `${good}!`, `x${good}`, "sk-a b c d e f g h i"]) {
      assert.match((await box?.validate(wrong)) ?? "", /^An OpenAI API key starts with “sk-” or “sess-”/, wrong);
    }
    await box?.enter(undefined);
    await setting;
  });

  it("is refused with a sentence when no header can hold it, before anything is sent", async () => {
    await fixture.ownKey.set(other, true);
    const before = models();
    for (const key of [`${good}\r\nX-Other: 1`, `${good} x`, `${good}é`, `\u200b${good}`, `${good}\u0000`]) {
      await assert.rejects(fixture.ownKeyActions.adopt(key), (error) => isProblem(error, "keyUnusable"));
    }
    assert.equal(models(), before);
    assert.equal(fixture.ownKey.current?.key, other);
  });

  it("of the environment is refused with a sentence when it is none", async () => {
    const { OPENAI_API_KEY: before } = process.env;
    try {
      for (const [key, code] of [
        ["", "noEnvironmentKey"],
        [" \n", "noEnvironmentKey"],
        [`${good}\r\nX-Other: 1`, "environmentKeyUnusable"],
        [`${good}é`, "environmentKeyUnusable"],
        ["not a key", "environmentKeyUnusable"],
      ] as const) {
        process.env.OPENAI_API_KEY = key;
        await assert.rejects(fixture.ownKeyActions.adoptFromEnvironment(), (error) => isProblem(error, code));
      }
    } finally {
      if (before === undefined) delete process.env.OPENAI_API_KEY;
      else process.env.OPENAI_API_KEY = before;
    }
  });

  for (const [name, value] of [
    ["closed", undefined],
    ["left empty", "  "],
  ] as const) {
    it(`is left alone when the box is ${name}`, async () => {
      await fixture.ownKey.set(other, true);
      const before = models();
      willAnswer(/Set OpenAI API Key/, value);
      await fixture.ownKeyActions.set();
      assert.equal(fixture.ownKey.current?.key, other);
      assert.deepEqual([models(), sentences()], [before, []]);
    });
  }

  it("that the API refuses is not stored, and the one before stays", async () => {
    await fixture.ownKey.set(other, true);
    willAnswer(/Set OpenAI API Key/, unknown);
    await assert.rejects(fixture.ownKeyActions.set(), (error) => isProblem(error, "keyRejected"));
    assert.equal(fixture.ownKey.current?.key, other);
    assert.deepEqual(sentences(), []);
  });

  for (const kind of ["serverError", "html", "closeBefore"] as const) {
    it(`that cannot be checked (${kind}) is kept only when the person agrees`, async () => {
      issuer.faults.set("models", { kind });
      for (const answer of [undefined, "Save Anyway"]) {
        willAnswer(/Set OpenAI API Key/, good);
        willAnswer(uncheckable, answer);
        await fixture.ownKeyActions.set();
        assert.deepEqual(fixture.ownKey.current, answer && { ...stored(good), checked: false });
      }
      const [asked] = state.messages;
      assert.deepEqual([asked?.modal, asked?.kind, asked?.buttons], [true, "warning", ["Don't Save", "Save Anyway"]]);
      assert.equal(sentences().at(-1), "API key saved without verification.");
      assert.equal(sentences().length, 3);
    });
  }

  it("is dropped when the person ends the check, without another question", async () => {
    issuer.faults.set("models", { kind: "slow", delayMs: 20_000 });
    const adopting = fixture.ownKeyActions.adopt(good);
    await until(() => state.progresses[0]);
    assert.equal(state.progresses[0]?.cancellable, true);
    state.progresses[0]?.cancel();
    assert.equal(await adopting, false);
    assert.deepEqual([fixture.ownKey.current, sentences()], [undefined, []]);
  });

  it("that cannot be stored is told, and the one before stays", async () => {
    await fixture.ownKey.set(other, true);
    Object.assign(fixture.secrets, { failingStores: 1 });
    await assert.rejects(fixture.ownKeyActions.adopt(good), (error) => isProblem(error, "saveFailed"));
    assert.equal(fixture.ownKey.current?.key, other);
    assert.deepEqual(sentences(), []);
  });

  it("is not asked for while the setting for the API's address is no address", async () => {
    changeSetting("chatgptSignIn.apiBaseUrl", "ftp://canary.example");
    await assert.rejects(fixture.ownKeyActions.set(), (error: unknown) => isProblem(error, "badSetting"));
    assert.deepEqual(state.questions, []);
    assert.throws(
      () => fixture.ownKeyActions.adopt(good),
      (error: unknown) => isProblem(error, "badSetting"),
    );
  });

  it("that two commands set at once ends as one of them", async () => {
    const one = fixture.ownKeyActions.set();
    const two = fixture.ownKeyActions.set();
    await state.questions[0]?.enter(good);
    await state.questions[1]?.enter(other);
    await Promise.all([one, two]);
    const { nonce: _nonce, ...stored } = JSON.parse((fixture.secrets as MemorySecrets).values.get("ownKey") ?? "");
    assert.deepEqual(fixture.ownKey.current, stored);
    assert.equal(sentences().length, 2);
  });

  describe("is removed", () => {
    beforeEach(() => fixture.ownKey.set(good, true));

    it("once the person agrees in a modal, which says that it stays valid", async () => {
      const removing = fixture.ownKeyActions.remove();
      const message = await until(() => state.messages[0]);
      assert.equal(message.modal, true);
      assert.match(message.detail, /stays valid until you delete it at platform\.openai\.com/);
      assert.equal(fixture.ownKey.current?.key, good);
      message.choose("Remove");
      await removing;
      assert.equal(fixture.ownKey.current, undefined);
      assert.equal(await fixture.secrets.get("ownKey"), undefined);
      assert.equal(sentences().at(-1), "The API key was removed from this computer.");
    });

    it("not when another one has been saved since, here or in another window", async () => {
      for (const save of [
        () => fixture.ownKey.set(other, true),
        // No event: this window has not heard of it.
        async () => void (fixture.secrets as MemorySecrets).values.set("ownKey", JSON.stringify(stored(other))),
      ]) {
        await fixture.ownKey.set(good, true);
        state.messages.length = 0;
        const removing = fixture.ownKeyActions.remove();
        const message = await until(() => state.messages[0]);
        await save();
        message.choose("Remove");
        await removing;
        assert.equal(fixture.ownKey.current?.key, other);
        assert.match((await fixture.secrets.get("ownKey")) ?? "", new RegExp(other));
        assert.equal(sentences().at(-1), "A newer API key was saved in the meantime and wasn't removed.");
      }
    });

    it("not when the person closes the question", async () => {
      willAnswer(/^Remove the OpenAI API key/, undefined);
      await fixture.ownKeyActions.remove();
      await settle();
      assert.equal(fixture.ownKey.current?.key, good);
      assert.equal(sentences().length, 1);
    });

    it("not when there is none, which is said", async () => {
      await fixture.ownKey.remove();
      await assert.rejects(fixture.ownKeyActions.remove(), (error) => isProblem(error, "noApiKey"));
      assert.deepEqual(sentences(), []);
      await fixture.run("removeApiKey");
      assert.deepEqual(sentences(), [new Problem("noApiKey").message]);
    });
  });
});
