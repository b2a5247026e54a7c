import assert from "node:assert/strict";
import * as l10n from "@vscode/l10n";
import bundle from "../../l10n/bundle.l10n.json" with { type: "json" };
import { planName } from "../../src/shared/planName.ts";
import { openPanel, type PanelPage, wordsOf } from "./panelPage.ts";
import { usePanel } from "./usePanel.ts";
import { signedInView, states } from "./views.ts";

/** A language whose letters are those of English in full width; placeholders stay as they are. */
function translated(text: string): string {
  return text.replace(/\{\w+\}|[A-Za-z]/g, (found) =>
    found.length > 1 ? found : String.fromCodePoint((found.codePointAt(0) ?? 0) + 0xfee0),
  );
}

const texts = Object.fromEntries(
  Object.entries(bundle).map(([key, text]) => [key, translated(typeof text === "string" ? text : text.message)]),
);

/** Runs in the page: what is read there, in words and in attributes; times are written by the browser. */
const readable = `(() => {
  const said = [];
  for (const at of document.querySelectorAll("body *")) {
    if (at.closest("time, script")) continue;
    for (const node of at.childNodes) if (node.nodeType === Node.TEXT_NODE) said.push(node.textContent.trim());
    for (const name of ["aria-label", "aria-valuetext", "title", "alt", "placeholder"]) said.push(at.getAttribute(name) ?? "");
  }
  return said.filter((text) => text !== "");
})()`;

/** All strings of a view, as the panel writes them: they are data, in no language. */
function dataOf(value: unknown): string[] {
  if (typeof value === "string") return [value, planName(value), [...value].join(" ")];
  const items = typeof value === "object" && value !== null ? Object.values(value) : [];
  const names = items.filter((item) => typeof item === "string");
  // The browser's language has the words of a list.
  return [...(Array.isArray(value) ? [new Intl.ListFormat("en").format(names)] : []), ...items.flatMap(dataOf)];
}

describe("settings panel in another language", function () {
  this.timeout(20_000);
  const panel = usePanel();
  const allTexts = () => panel().page.evaluate<string[]>(readable);

  beforeEach(async () => {
    // The page's frame is written by the extension.
    l10n.config({ contents: texts });
    panel().server.speak("qps-ploc", texts);
    await panel().load("Dark 2026");
  });
  afterEach(() => {
    l10n.config({ contents: {} });
    panel().server.speak("en");
  });

  /** What is left in English once the data is taken away. */
  function english(said: readonly string[], view?: unknown): string[] {
    const data = dataOf(view).filter((text) => text !== "");
    const longestFirst = data.toSorted((a, b) => b.length - a.length);
    return said.filter((text) => /[A-Za-z]/.test(longestFirst.reduce((rest, word) => rest.replaceAll(word, ""), text)));
  }

  it("says which", async () => {
    assert.equal(await panel().page.evaluate("document.documentElement.lang"), "qps-ploc");
  });

  it("has no English while it loads, nor in its frame", async () => {
    assert.deepEqual(english(await allTexts()), []);
    const context = await panel().newContext({});
    await context.route("**/main.js", (route) => route.abort());
    const frame: PanelPage = await openPanel(context, panel().server);
    const said = await frame.page.evaluate<string[]>(readable);
    assert.ok(said.includes(translated("ChatGPT Settings")), String(said));
    assert.deepEqual(english(said), []);
    await context.close();
  });

  it("has no English while it still loads, nor beside a view that it does not understand", async () => {
    const context = await panel().newContext({});
    await context.clock.install();
    const late = await openPanel(context, panel().server);
    await late.page.clock.runFor(8000);
    await late.page.locator(".loading .buttons").waitFor();
    assert.deepEqual(english(await late.page.evaluate<string[]>(readable)), []);
    await late.send({ type: "view" });
    assert.deepEqual(english(await late.page.evaluate<string[]>(readable)), []);
    await context.close();
  });

  for (const [name, view] of Object.entries(states)) {
    it(`has no English in the state ${name}`, async () => {
      const shown = view();
      await panel().send(shown);
      const said = await allTexts();
      assert.ok(said.length > 20, `only ${said.length} texts`);
      assert.deepEqual(english(said, shown), []);
    });
  }

  it("writes times, shares and lists in the language of the texts, whatever the browser's is", async () => {
    for (const [language, browser, said] of [
      ["en", "de-AT", [/in 52 minutes/, /8 minutes ago/, /\b37% used/, /issuer and apiBaseUrl/]],
      ["de", "en-US", [/in 52 Minuten/, /vor 8 Minuten/, /\b37\s%/, /issuer und apiBaseUrl/]],
    ] as const) {
      panel().server.speak(language, language === "en" ? undefined : texts);
      const context = await panel().newContext({ locale: browser });
      const shown = await openPanel(context, panel().server);
      await shown.send(signedInView({ changedEndpoints: ["issuer", "apiBaseUrl"] }));
      const text = await wordsOf(shown.page.locator("main"));
      for (const words of said) assert.match(text, words);
      await context.close();
    }
  });

  it("puts elements where the language has them", async () => {
    const reversed = { ...texts, "{used} used · {left} left": "⟨{left}⟩ ⟨{used}⟩" };
    panel().server.speak("qps-ploc", reversed);
    await panel().load("Dark 2026");
    await panel().send(signedInView());
    assert.match(await panel().text(), /⟨63%⟩ ⟨37%⟩/);
  });

  it("shows markup of a translation as text", async () => {
    panel().server.speak("qps-ploc", { ...texts, Refresh: '<img src="x" onerror="alert(1)">' });
    await panel().load("Dark 2026");
    await panel().send(signedInView());
    assert.equal(await panel().page.locator("main img").count(), 0);
    assert.equal(await panel().button('<img src="x" onerror="alert(1)">').count(), 1);
  });
});
