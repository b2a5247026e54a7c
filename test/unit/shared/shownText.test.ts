import assert from "node:assert/strict";
import fc from "fast-check";
import { shownName, shownText } from "../../../src/shared/shownText.ts";
import { withinSeconds } from "../../support/withinSeconds.ts";

/** What VS Code looks for in notifications (links) and labels (icons), and Markdown in tooltips. */
const rendered = [/\[[^\]]*\]\(/, /\$\([a-z0-9-]/i, /<[a-z][\w+.-]*:/i];
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Text of the pieces that do harm, in any order. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "[",
        "]",
        "(",
        ")",
        "$",
        "$(",
        "](",
        "<",
        ">",
        "a",
        "command:x",
        "`",
        "\\",
        " ",
        "\n",
        "\r",
        "\t",
      ),
      fc.constantFrom(
        "\u202e",
        "\u2066",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\u00ad",
        "\u2028",
        "\u0085",
        "\u0000",
        "\u001b",
      ),
      fc.constantFrom(
        "\u3164",
        "\u115f",
        "\u034f",
        "\u{e0041}",
        "\ufe0f",
        "\ud800",
        "\ue000",
        "\u00a0",
        "\u3000",
        "\u2800",
      ),
      fc.string({ unit: "binary" }),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(""));

describe("Text from outside that is shown", () => {
  it("is one line without anything invisible, and nothing of it is rendered", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const shown of [shownText(text), shownName(text)]) {
          if (shown === undefined) continue;
          assert.doesNotMatch(shown, hidden);
          for (const pattern of rendered) assert.doesNotMatch(shown, pattern);
          assert.ok(shown.trim() === shown && shown !== "");
          assert.ok([...shown].length <= 101);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("stays as it is where it does no harm", () => {
    for (const text of [
      "GPT-5.5 (Codex), fast & “cheap”: 50% off!",
      "C:\\Users\\ada\\.codex\\auth.json",
      "/home/ada/[x]/$HOME/auth.json",
      "数学 模型",
      "नमस्ते",
      "ada & 李, 2 < 3 > 1",
    ]) {
      assert.equal(shownText(text), text);
    }
    for (const name of ["ada.o'hara+x@bücher.example", "a&b!#%*=?^~@example.com", "self_serve_business", "acc-1"]) {
      assert.equal(shownName(name), name);
    }
  });

  it("has its links and icons taken apart, also those that invisible characters hide", () => {
    assert.equal(shownText("[x](command:y)"), "[x] (command:y)");
    assert.equal(shownText("[x]\u200b(command:y)"), "[x] (command:y)");
    assert.equal(shownText("$$(bug) $\u2060(bug)"), "$$ (bug) $ (bug)");
    assert.equal(shownText("<command:x> <\u00adCommand:x> <b>"), "< command:x> < Command:x> <b>");
    assert.equal(shownName("[x](command:y)$(bug)@example.com"), "xcommandybug@example.com");
    assert.equal(shownText("a\r\nb\u2029c\u0085d\te"), "a b c d e".replace("c d", "cd"));
    assert.equal(shownText(`Z${"\u0301".repeat(500)}`), `Z${"\u0301".repeat(2)}`);
  });

  it("is none where nothing of it can be seen", () => {
    for (const text of [undefined, "", " \n", "\u200b\u202e\u3164\ufeff", "\u{e0041}\u{e0042}"]) {
      assert.equal(shownText(text), undefined);
      assert.equal(shownName(text), undefined);
    }
    assert.equal(shownName("[]($)"), undefined);
  });

  it("is cut, at a whole character", () => {
    assert.equal(shownText("😀".repeat(200), 3), "😀😀😀…");
    assert.equal(shownText("abc def", 4), "abc…");
    assert.equal([...(shownName("x".repeat(1_000_000)) ?? "")].length, 101);
    for (const unit of ["$", "[", "](", "\u0301", " ", "\u200b", "<"]) {
      withinSeconds(10, () => shownText(unit.repeat(1_000_000), 1_000_000));
    }
  });
});
