import assert from "node:assert/strict";
import manifest from "../../../package.json" with { type: "json" };
import english from "../../../package.nls.json" with { type: "json" };
import { keyOf } from "../../support/manifest.ts";

/** Fields of a contribution that a person reads. */
const readable = new Set([
  ...["title", "shortTitle", "label", "category", "displayName", "description", "markdownDescription"],
  ...["enumDescriptions", "markdownEnumDescriptions", "enumItemLabels", "altText", "deprecationMessage"],
  ...["markdownDeprecationMessage", "patternErrorMessage", "name", "contextualTitle", "contents", "placeholder"],
]);

/** Fields that only programs read. */
const programs = new Set([
  ...["id", "command", "svg", "completionEvents", "vendor", "managementCommand", "when", "type", "enum", "default"],
  "scope",
]);

/** Every string of a value, with the name of the field that it is in. */
function* strings(value: unknown, field = ""): Generator<readonly [field: string, text: string]> {
  if (typeof value === "string") yield [field, value];
  else if (Array.isArray(value)) for (const item of value) yield* strings(item, field);
  else if (typeof value === "object" && value !== null)
    for (const [name, item] of Object.entries(value)) yield* strings(item, name);
}

describe("package.nls.json", () => {
  it("has every text of package.json, and no other", () => {
    const used = [...strings(manifest)].map(([, text]) => keyOf(text)).filter((key) => key !== undefined);
    assert.deepEqual([...new Set(used)].toSorted(), Object.keys(english).toSorted());
  });

  it("leaves no text of a contribution in package.json", () => {
    const { displayName, description, contributes } = manifest;
    const all = [...strings({ displayName, description, contributes })];
    assert.deepEqual(
      all.filter(([field, text]) => readable.has(field) && keyOf(text) === undefined),
      [],
    );
    const unknown = all.map(([field]) => field).filter((field) => !readable.has(field) && !programs.has(field));
    assert.deepEqual([...new Set(unknown)], [], "whether people read these fields is not known");
  });

  it("has no empty text, and none with spaces around it", () => {
    for (const [key, text] of Object.entries(english)) {
      assert.notEqual(text, "", key);
      assert.equal(text, text.trim(), key);
    }
  });
});
