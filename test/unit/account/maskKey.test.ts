import assert from "node:assert/strict";
import { maskKey } from "../../../src/account/credential.ts";

describe("A key as it may be shown", () => {
  const rows: readonly (readonly [key: string, shown: string])[] = [
    ["sk-proj-abcdefghijklmnopWXYZ", "sk-…WXYZ"],
    ["sk-abcdefghijklmnopqrstuv1234", "sk-…1234"],
    ["sess-abcdefghijklmnopqrst9876", "sess-…9876"],
    // Of twenty characters, the last four give nothing away; of nineteen, nothing is shown.
    ["sk-abcdefghijklmWXYZ", "sk-…WXYZ"],
    ["sk-abcdefghijklWXYZ", "sk-…"],
    ["sess-abcdefghijWXYZ", "sess-…"],
    ["sk-abcd", "sk-…"],
    ["", "sk-…"],
    // A prefix is one at the start only, and what is no key of ours is never shown by its start.
    ["mysess-abcdefghijklmnopWXYZ", "sk-…WXYZ"],
    // A dialog could take the end of this one for a link.
    ["sk-abcdefghijklmnop](x)", "sk-…"],
    ["secret-without-a-prefix-WXYZ", "sk-…WXYZ"],
  ];
  for (const [key, shown] of rows) {
    it(`of ${key.length} characters, ${JSON.stringify(key.slice(0, 5))}…, is ${shown}`, () => {
      assert.equal(maskKey(key), shown);
    });
  }

  it("has at most its last four characters, whatever its length", () => {
    const key = "sk-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789";
    for (let length = 4; length <= key.length; length += 1) {
      const secret = key.slice(3, length);
      const shown = maskKey(key.slice(0, length)).replace("sk-…", "");
      assert.ok(length < 20 ? shown === "" : secret.endsWith(shown) && shown.length === 4, `${length} characters`);
    }
  });
});
