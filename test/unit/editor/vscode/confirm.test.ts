import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { choose, confirm } from "../../../../src/editor/vscode/confirm.ts";
import { resetVscode, theMessage } from "../../../support/vscodeStub/stub.ts";

const asked = { question: "Do it?", detail: "It cannot be undone.", no: "Don't" };

describe("A question in a modal dialog", () => {
  beforeEach(resetVscode);

  it("has a button first that changes nothing, for an Enter that was meant for something else", async () => {
    const pending = choose(asked, ["This", "That"]);
    const { kind, modal, detail, buttons, closing, choose: press } = theMessage(/^Do it\?$/);
    assert.deepEqual([kind, modal, detail], ["warning", true, asked.detail]);
    assert.deepEqual([buttons, closing], [["Don't", "This", "That"], undefined]);
    press("That");
    assert.equal(await pending, "That");
  });

  for (const [button, isYes] of [
    ["Don't", false],
    [undefined, false],
    ["Do", true],
  ] as const) {
    it(`is a ${isYes ? "yes" : "no"} when ${button ?? "Escape"} is pressed`, async () => {
      const pending = confirm(asked, "Do");
      theMessage(/./).choose(button);
      assert.equal(await pending, isYes);
    });
  }

  it("has only VS Code's own button where there is nothing to choose", async () => {
    const pending = choose(asked, []);
    const { buttons, choose: press } = theMessage(/./);
    assert.deepEqual(buttons, []);
    press(undefined);
    assert.equal(await pending, undefined);
  });

  it("is asked in no other way than here, or as a consent that can be put off", () => {
    const folder = join(import.meta.dirname, "../../../../src");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const modal = files.filter((name) => /\bmodal\b\s*[:,}]/.test(readFileSync(join(folder, name), "utf8")));
    assert.deepEqual(modal.toSorted(), ["editor/consumers/dialog.ts", "editor/vscode/confirm.ts"]);
  });
});
