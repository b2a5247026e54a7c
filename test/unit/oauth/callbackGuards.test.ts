import assert from "node:assert/strict";
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { isOurState } from "../../../src/oauth/callbackAnswer.ts";
import { contentSecurityPolicy, pages, successPage } from "../../../src/oauth/callbackPages.ts";

describe("The policy of the listener's pages", () => {
  it("permits the one style sheet that is in each of them, and nothing else", () => {
    const directives = contentSecurityPolicy.split("; ");
    const [, hash] = /^style-src 'sha256-([\w+/=]+)'$/.exec(directives[1] ?? "") ?? [];
    assert.deepEqual(directives.toSpliced(1, 1), [
      "default-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    for (const page of [...Object.values(pages), () => successPage("https://platform.openai.com/")]) {
      const styles = [...page().html.matchAll(/<style>([^<]*)<\/style>/g)].map(([, style = ""]) => style);
      const hashes = styles.map((style) => crypto.createHash("sha256").update(style).digest("base64"));
      assert.deepEqual(hashes, [hash]);
    }
  });

  it("is of pages whose link does not tell where it was followed", () => {
    assert.match(successPage("https://platform.openai.com/").html, /<a href="[^"]*" rel="noreferrer">/);
  });
});

describe("The state of a redirect", () => {
  const ours = "s".repeat(43);
  const isOurs = (query: string) => isOurState(new URLSearchParams(query), ours);

  it("is ours when it is there once", () => {
    assert.equal(isOurs(`state=${ours}`), true);
    for (const query of [
      "",
      "state",
      `state=${ours}&state=${ours}`,
      `state=${ours}&state=`,
      `state=${ours}x`,
      "state=s",
    ])
      assert.equal(isOurs(query), false, query);
  });

  it("is compared in constant time", () => {
    const { timingSafeEqual } = crypto;
    const compared: string[] = [];
    crypto.timingSafeEqual = (one, other) => {
      compared.push(String(one), String(other));
      return timingSafeEqual(one, other);
    };
    syncBuiltinESMExports();
    try {
      const other = `x${ours.slice(1)}`;
      assert.deepEqual([isOurs(`state=${ours}`), isOurs(`state=${other}`)], [true, false]);
      assert.deepEqual(compared, [ours, ours, other, ours]);
    } finally {
      crypto.timingSafeEqual = timingSafeEqual;
      syncBuiltinESMExports();
    }
  });
});
