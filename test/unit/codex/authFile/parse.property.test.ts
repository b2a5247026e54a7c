import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAuthFile } from "../../../../src/codex/authFile/parse.ts";
import { previewAuthFile } from "../../../../src/codex/authFile/preview.ts";
import { withTokens } from "../../../../src/codex/authFile/write.ts";
import { authFileProblem } from "../../../../src/codex/problems.ts";
import { current, jwt } from "./authTexts.ts";

const canary = "Canary7Canary";
/** Any text with a canary somewhere in it. */
const secret = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => `${text}${canary}`),
  fc.string({ maxLength: 40 }).map((text) => `${canary}${text}`),
  fc.constant(`sk-proj-${canary}-0123456789`),
  fc.constant(jwt({ exp: 1_800_000_000, jti: canary })),
);
const anything = fc.oneof(
  secret,
  fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value))),
  fc.constant(undefined),
);

const mostly = (value: string) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: anything });

/** A file near enough to a real one that the parser gets far. */
const nearlyAuthFile = fc.record(
  {
    auth_mode: fc.oneof(fc.constantFrom("chatgpt", "apikey", "headers", null), anything),
    OPENAI_API_KEY: mostly(`sk-proj-${canary}-0123456789`),
    tokens: fc.oneof(
      anything,
      fc.record(
        {
          id_token: mostly(current.tokens.id_token),
          access_token: mostly(jwt({ exp: 1_800_000_000, jti: canary })),
          refresh_token: mostly(`rt.${canary}`),
          account_id: mostly("acc-1"),
        },
        { requiredKeys: [] },
      ),
    ),
    last_refresh: anything,
    personal_access_token: anything,
    ["__proto__"]: anything,
    unknown: anything,
  },
  { requiredKeys: [] },
);

const spliced = fc
  .tuple(
    fc.constant(JSON.stringify(current, null, 2)),
    fc.nat(2000),
    fc.nat(50),
    fc.string({ unit: "binary", maxLength: 20 }),
  )
  .map(([text, at, length, insert]) => text.slice(0, at) + insert + text.slice(at + length));

let usable = 0;

/** Parses, and looks for the canary wherever it must not be. */
function check(text: string): void {
  const result = parseAuthFile(text);
  if (!result.ok) {
    assert.ok(!(JSON.stringify(result) + authFileProblem(result.problem).message).includes(canary));
    return;
  }
  usable++;
  const { tokens, apiKey, identity: _claims, ...rest } = result.file;
  assert.ok(!JSON.stringify(rest).includes(canary));
  // What these hold may be secret; all of it must come from the field it claims to come from.
  const source = JSON.parse(text.replace(/^\uFEFF/, ""));
  assert.equal(apiKey, source.OPENAI_API_KEY || undefined);
  if (tokens) {
    assert.equal(tokens.accessToken, source.tokens.access_token);
    assert.equal(tokens.refreshToken, source.tokens.refresh_token || undefined);
  }
  const { workspaceId, email, plan, apiKey: shownKey, ...shown } = previewAuthFile(result.file);
  assert.ok(!JSON.stringify([shown, shownKey]).includes(canary));
  for (const displayed of [workspaceId, email, plan])
    assert.ok(displayed === undefined || [...displayed].length <= 101);
}

describe("auth.json, any input", function () {
  this.timeout(60_000);

  it("never crashes, hangs or leaks: any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 3000 }), check), { numRuns: 500 });
  });

  it("never crashes, hangs or leaks: any JSON", () => {
    fc.assert(fc.property(fc.json({ maxDepth: 8 }), check), { numRuns: 500 });
  });

  it("never crashes, hangs or leaks: files that are nearly right", () => {
    usable = 0;
    fc.assert(
      fc.property(
        nearlyAuthFile.map((value) => JSON.stringify(value)),
        check,
      ),
      { numRuns: 2000 },
    );
    assert.ok(usable > 50, "too few of these were usable for the test to mean much");
  });

  it("never crashes, hangs or leaks: a real file, cut and spliced", () => {
    fc.assert(fc.property(spliced, check), { numRuns: 1000 });
  });

  it("never hangs: the largest of what is costly", () => {
    for (const unit of ["[", '{"a":', '"\\', "\\u0000", '"a","a",', "[[],", " ", "<", '{"tokens":', "eyJ.", '"x":1,'])
      for (const [start, end] of [
        ["", ""],
        ["{", "}"],
        ["[", "]"],
        ['{"', '"}'],
      ] as const)
        check(start + unit.repeat(Math.floor((1024 * 1024 - 4) / unit.length)) + end);
  });

  it("changes nothing but the tokens in a write-back, whatever else is in the file", () => {
    const update = { accessToken: jwt({ exp: 2 }), refreshToken: "rt.new", refreshedAt: 1_790_000_000_000 };
    const extra = fc.dictionary(
      fc.string({ maxLength: 12 }).filter((key) => !(key in current) && key !== "__proto__"),
      fc.jsonValue({ maxDepth: 3 }),
      { noNullPrototype: true },
    );
    const layout = fc.constantFrom<string | number>(0, 1, 2, 4, "\t");
    fc.assert(
      fc.property(extra, extra, layout, fc.boolean(), (before, inTokens, indent, bomAndCrlf) => {
        const value = { ...before, ...current, tokens: { ...current.tokens, ...inTokens } };
        const plain = JSON.stringify(value, null, indent);
        const text = bomAndCrlf ? `\uFEFF${plain.replaceAll("\n", "\r\n")}` : plain;
        const written = withTokens(text, update);
        if (!parseAuthFile(text).ok) return assert.equal(written, undefined);
        const replaced = (part: string, by: string) => (all: string) =>
          all.replace(JSON.stringify(part), () => JSON.stringify(by));
        const expected = [
          replaced(current.tokens.access_token, update.accessToken),
          replaced(current.tokens.refresh_token, update.refreshToken),
          replaced(current.last_refresh, new Date(update.refreshedAt).toISOString()),
        ].reduce((all, change) => change(all), text);
        assert.equal(written, expected);
      }),
      { numRuns: 300 },
    );
  });
});
