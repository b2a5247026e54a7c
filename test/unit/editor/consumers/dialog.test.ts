import assert from "node:assert/strict";
import type { Consumer } from "../../../../src/editor/consumers/answers.ts";
import { askForConsumer, tellOfSetting } from "../../../../src/editor/consumers/dialog.ts";
import { extensionName } from "../../../../src/editor/consumers/extensionName.ts";
import { resetVscode, state, theMessage, willAnswer } from "../../../support/vscodeStub/stub.ts";

describe("The question whether an extension may use models", () => {
  beforeEach(resetVscode);
  const plan: Consumer = { extension: "some.extension", pays: "plan", payer: "1" };
  const knows = (displayName: unknown) => state.extensions.set("some.extension", { packageJSON: { displayName } });

  it("is modal, names extension, id and account, and Enter and Escape allow nothing", async () => {
    knows("Some Extension");
    const pending = askForConsumer(plan, "ada@example.com");
    const { text, modal, detail, buttons, closing, choose } = theMessage(/./);
    assert.equal(text, "Allow “Some Extension” to use your ChatGPT plan?");
    assert.match(detail, /some\.extension/);
    assert.match(detail, /usage limits of ada@example\.com/);
    assert.equal(modal, true);
    assert.deepEqual([buttons, closing], [["Don't Allow", "Allow", "Not Now"], "Not Now"]);
    choose("Allow");
    assert.equal(await pending, "allowed");
  });

  for (const [button, answer] of [
    ["Allow", "allowed"],
    ["Don't Allow", "refused"],
    ["Not Now", undefined],
    [undefined, undefined],
  ] as const) {
    it(`is answered with ${answer} by ${button}`, async () => {
      willAnswer(/^Allow/, button);
      assert.equal(await askForConsumer(plan, "ada@example.com"), answer);
    });
  }

  it("speaks of money where a key pays, and of the key as the panel shows it", async () => {
    for (const [pays, payer, said] of [
      ["ownKey", "sk-…w7Qa", /OpenAI bills its requests to your API key sk-…w7Qa\./],
      ["ownKey", undefined, /OpenAI bills its requests to your API key\./],
      ["accountKey", "ada@example.com", /OpenAI bills its requests to the API key of ada@example\.com\./],
      ["accountKey", undefined, /API key of your ChatGPT account\./],
    ] as const) {
      resetVscode();
      willAnswer(/./, undefined);
      await askForConsumer({ ...plan, pays }, payer);
      const { text, detail } = theMessage(/./);
      assert.equal(text, "Allow “some.extension” to use your OpenAI API key?");
      assert.match(detail, said);
      assert.match(detail, /doesn't see the key/);
    }
  });

  it("says that VS Code names nobody where it does not", async () => {
    for (const pays of ["plan", "ownKey"] as const) {
      resetVscode();
      state.extensions.set("unknown", { packageJSON: { displayName: "GitHub Copilot" } });
      willAnswer(/./, undefined);
      await askForConsumer({ ...plan, extension: "unknown", pays }, undefined);
      const { text, detail } = theMessage(/./);
      assert.match(text, /^Allow an unknown extension to use your (ChatGPT plan|OpenAI API key)\?$/);
      assert.match(detail, /all extensions that it doesn't name/);
      assert.doesNotMatch(text + detail, /Copilot/);
    }
  });

  it("says what VS Code itself may be asking for", async () => {
    for (const [pays, what] of [
      ["plan", "ChatGPT plan"],
      ["ownKey", "OpenAI API key"],
    ] as const) {
      resetVscode();
      state.extensions.set("core", { packageJSON: { displayName: "GitHub Copilot" } });
      willAnswer(/./, undefined);
      await askForConsumer({ ...plan, extension: "core", pays }, undefined);
      const { text, detail } = theMessage(/./);
      assert.equal(text, `Allow VS Code's own features, such as MCP sampling, to use your ${what}?`);
      assert.match(detail, /MCP servers.*your answer applies to all of them\./);
      assert.doesNotMatch(text + detail, /Copilot|extension/);
    }
  });

  for (const [button, answer] of [
    ["Don't Allow", "refused"],
    ["Keep Allowing", "allowed"],
    [undefined, undefined],
  ] as const) {
    it(`tells without a dialog that the settings allow an extension, and takes ${button} for ${answer}`, async () => {
      knows('Chat "X"');
      willAnswer(/./, button);
      assert.equal(await tellOfSetting(plan), answer);
      const { text, modal, buttons } = theMessage(/./);
      assert.match(
        text,
        /^“Chat 'X'” \(some\.extension\) uses your ChatGPT plan: the setting “chatgptSignIn.allowedExtensions” allows it\./,
      );
      assert.ok(!modal);
      // Another extension can press the first button.
      assert.deepEqual(buttons, ["Don't Allow", "Keep Allowing"]);
    });
  }

  it("names the id once where the settings allow an extension whose name is its id, or that has none", async () => {
    for (const displayName of [undefined, "some.extension", "Some.Extension"]) {
      resetVscode();
      knows(displayName);
      willAnswer(/./, undefined);
      await tellOfSetting({ ...plan, pays: "ownKey" });
      const { text } = theMessage(/./);
      assert.equal(text.match(/some\.extension/gi)?.length, 1, text);
      assert.match(text, /^“some\.extension” uses your OpenAI API key: the setting/i);
    }
  });

  const long = "A very long name that goes on and on and never ends, so that the question goes out of sight";
  for (const [displayName, shown] of [
    ["Chat & Friends <b>", "Chat & Friends <b>"],
    ["名前", "名前"],
    ["", "some.extension"],
    ["  \n\t ", "some.extension"],
    ["\u200b\u3164\u2800", "some.extension"],
    [undefined, "some.extension"],
    [null, "some.extension"],
    [42, "some.extension"],
    [["Copilot"], "some.extension"],
    ["One\nTwo\r\n\r\nThree\u2028Four", "One Two Three Four"],
    ["X” to say hello? “", "X' to say hello? '"],
    ['"X" «Y»', "'X' 'Y'"],
    ["X″ ‶Y‴ ˝Z״ ʺAˮ 〃", "X' 'Y' 'Z' 'A' '"],
    ["❝X❞ ❟Y❠ 〝Z〞〟 ＂A", "'X' 'Y' 'Z' 'A"],
    ["Foo'' is allowed. ''Bar", "Foo' is allowed. 'Bar"],
    ["A'\u200b'B ’’C `` D´´ ′′E ʼʼF ＇＇G '\u0301'H", "A'B 'C ' D' 'E 'F 'G 'H"],
    ["Пам'ять, Hawaiʻi", "Пам'ять, Hawaiʻi"],
    ["‹X› ‘Y’ „Z‟ 「A」 🙶B🙷", "'X' 'Y' 'Z' 'A' 'B'"],
    ["\u202egnp.exe\u2066 A\u200d", "gnp.exe A"],
    [`A${"\u0301".repeat(200)}`, "A\u0301\u0301"],
    [long, "A very long name that goes on and on and never end…"],
    ["👩🏽‍🚀".repeat(100), undefined],
    ["x".repeat(1_000_000), `${"x".repeat(50)}…`],
  ] as const) {
    it(`shows the name ${JSON.stringify(displayName)?.slice(0, 30)} as one short line`, () => {
      knows(displayName);
      const name = extensionName("some.extension");
      if (shown !== undefined) assert.equal(name, shown);
      assert.ok([...name].length <= 51 && !/[\p{C}\n"“”]/u.test(name), name);
    });
  }

  it("shows the id of an extension that VS Code does not know here, or whose manifest is odd", () => {
    assert.equal(extensionName("some.extension"), "some.extension");
    for (const packageJSON of [null, undefined, "text", []]) {
      state.extensions.set("some.extension", { packageJSON });
      assert.equal(extensionName("some.extension"), "some.extension");
    }
  });
});
