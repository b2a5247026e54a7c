import assert from "node:assert/strict";
import { panelHtml } from "../../../../src/editor/panel/panelHtml.ts";

const dependencies = {
  language: "en",
  // As VS Code has them: in a browser with a port, on the desktop with its own scheme.
  cspSource: "'self' https://*.vscode-cdn.net",
  style: "https://file+.vscode-resource.vscode-cdn.net/a/dist/webview/main.css",
  script: "https://file+.vscode-resource.vscode-cdn.net/a/dist/webview/main.js",
};

/** The directives of the page's policy, each once. */
function policyOf(html: string): Map<string, string> {
  const metas = [...html.matchAll(/<meta http-equiv="Content-Security-Policy" content="([^"]*)">/g)];
  assert.equal(metas.length, 1, "one policy");
  const directives = (metas[0]?.[1] ?? "").split(";").map((text) => text.trim());
  const map = new Map(
    directives.map((text) => [text.replace(/ .*/, ""), text.replace(/^\S+ ?/, "")] as [string, string]),
  );
  assert.equal(map.size, directives.length, "no directive twice");
  return map;
}

function nonceOf(html: string): string {
  return /<script type="module" nonce="([^"]*)"/.exec(html)?.[1] ?? "";
}

describe("The panel's page", () => {
  it("has this policy and no looser one, before anything is loaded", () => {
    const html = panelHtml(dependencies);
    assert.deepEqual(
      policyOf(html),
      new Map([
        ["default-src", "'none'"],
        ["style-src", dependencies.cspSource],
        ["script-src", `'nonce-${nonceOf(html)}'`],
        ["base-uri", "'none'"],
        ["form-action", "'none'"],
      ]),
    );
    const policy = html.indexOf("Content-Security-Policy");
    for (const loading of ["<link", "<script", "<style", "<img", "<base"]) {
      const at = html.indexOf(loading);
      assert.ok(at < 0 || at > policy, loading);
    }
  });

  it("has one script, from the folder, with a nonce of 128 random bits that is never used again", () => {
    const nonces = Array.from({ length: 200 }, () => {
      const html = panelHtml(dependencies);
      assert.equal(html.match(/<script/g)?.length, 1);
      assert.ok(html.includes(`<script type="module" nonce="${nonceOf(html)}" src="${dependencies.script}"></script>`));
      assert.doesNotMatch(html, / on\w+=|style=|javascript:|command:/);
      return nonceOf(html);
    });
    assert.equal(new Set(nonces).size, nonces.length);
    for (const nonce of nonces) {
      assert.match(nonce, /^[A-Za-z0-9+/]+=*$/);
      assert.ok(Buffer.from(nonce, "base64").length >= 16, nonce);
    }
    // No part of it is the same in all of them.
    const bytes = nonces.map((nonce) => [...Buffer.from(nonce, "base64")]);
    for (let index = 0; index < 16; index += 1) {
      assert.ok(new Set(bytes.map((each) => each[index])).size > 50, `byte ${index} is random`);
    }
  });

  it("shows title, subtitle and that it is busy, and says what helps, without any script", () => {
    const body =
      /<body>([\s\S]*)<\/body>/.exec(panelHtml(dependencies))?.[1]?.replace(/<script[\s\S]*<\/script>/, "") ?? "";
    const text = body.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    assert.match(text, /ChatGPT Settings Unofficial\. Not made by OpenAI\. Loading… If this takes too long/);
    assert.match(body, /<main aria-busy="true">/);
    assert.match(body, /^\s*<chatgpt-sign-in-panel>[\s\S]*<\/chatgpt-sign-in-panel>\s*$/);
  });

  it("is in English, and declares it, where the display language has no texts", () => {
    const html = panelHtml({ ...dependencies, language: "de" });
    assert.match(html, /<html lang="en">/);
    assert.doesNotMatch(html, /<meta name="texts"/);
  });

  it("hands the texts of the display language to the panel, whatever is in them", () => {
    const texts = { Refresh: 'Aktualisieren "jetzt"', "<b>": "</head><script>alert(1)</script> & &quot;" };
    const html = panelHtml({ ...dependencies, language: 'de" onload="x', texts });
    assert.ok(html.includes('<html lang="de&quot; onload=&quot;x">'));
    assert.equal(html.match(/<script/g)?.length, 1);
    const content = /<meta name="texts" content="([^"]*)">/.exec(html)?.[1] ?? "";
    const read = content.replaceAll("&lt;", "<").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
    assert.deepEqual(JSON.parse(read), texts);
  });

  it("keeps odd characters of a path inside their attribute", () => {
    const html = panelHtml({ ...dependencies, script: 'https://x/"><b>&/main.js', style: 'https://x/"<i>/main.css' });
    assert.doesNotMatch(html, /<b>|<i>/);
    assert.ok(html.includes('src="https://x/&quot;>&lt;b>&amp;/main.js"'));
  });
});
