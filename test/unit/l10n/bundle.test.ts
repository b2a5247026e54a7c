import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { bundleFile, createBundle } from "../../../scripts/l10n.ts";

describe("l10n/bundle.l10n.json", function () {
  // The extraction needs seconds, and a busy computer makes minutes of them.
  this.timeout(180_000);
  const written = readFileSync(bundleFile, "utf8").replaceAll("\r\n", "\n");

  it("has the texts of the code as it is now; `npm run l10n` writes it", async () => {
    assert.equal(written, await createBundle());
  });

  it("has named placeholders only", () => {
    for (const text of Object.keys(JSON.parse(written))) {
      const names = [...text.matchAll(/\{(.*?)\}/g)].map(([, name = ""]) => name);
      assert.deepEqual(
        names.filter((name) => !/^[a-z]\w*$/i.test(name)),
        [],
        text,
      );
    }
  });
});
