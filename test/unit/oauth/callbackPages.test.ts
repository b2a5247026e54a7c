import assert from "node:assert/strict";
import * as l10n from "@vscode/l10n";
import { pageMark, pages, successPage } from "../../../src/oauth/callbackPages.ts";

describe("The success page", () => {
  it("links to the Platform set-up only when it is needed", () => {
    assert.doesNotMatch(successPage(undefined).html, /href/);
    assert.match(successPage("https://platform.openai.com/").html, /href="https:\/\/platform\.openai\.com\/"/);
  });

  it("names its language and title for a screen reader, and follows the system's colours", () => {
    const { html } = successPage(undefined);
    assert.match(html, /<html lang="en">/);
    assert.match(html, /<title>You're signed in/);
    assert.match(html, /<main><h1>/);
    assert.match(html, /color-scheme: light dark/);
  });
});

describe("A page in another language", () => {
  after(() => l10n.config({ contents: {} }));

  it("is text alone, whatever a translation contains", () => {
    const canary = `<img src="x"> & more`;
    const contents = new Proxy({}, { get: () => canary, has: () => true });
    l10n.config({ contents });
    for (const page of [...Object.values(pages), () => successPage("https://platform.openai.com/")]) {
      const { html } = page();
      assert.doesNotMatch(html, /<img|src="x"| & more/);
      assert.match(html, /<h1>&lt;img src=&quot;x&quot;> &amp; more<\/h1>/);
      assert.match(html, /<html lang="&lt;img [^"]*">/);
      assert.ok(html.includes(pageMark));
    }
  });
});

describe("The pages of a failed sign-in", () => {
  for (const [name, page] of Object.entries(pages)) {
    it(`name their language, and are known as ours by another window: ${name}`, () => {
      const { html } = page();
      assert.match(html, /<html lang="en">/);
      assert.ok(html.includes(pageMark));
    });
  }
});
