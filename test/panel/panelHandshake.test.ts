import assert from "node:assert/strict";
import type { BrowserContext } from "playwright-core";
import type { Intent } from "../../src/shared/panelProtocol.ts";
import { openPanel, type PanelPage, wordsOf } from "./panelPage.ts";
import { usePanel } from "./usePanel.ts";
import { signedInView, signedOutView } from "./views.ts";

const ready: Intent = { type: "ready" };
const start = new Date("2026-03-01T12:00:00Z");

describe("settings panel until the first view has come", function () {
  this.timeout(20_000);
  const panel = usePanel();
  let context: BrowserContext | undefined;
  let timed: PanelPage;

  /** Opens the panel in a page whose clock is stopped, after a script that a test prepares. */
  async function open(prepare = ""): Promise<void> {
    const fresh = await panel().newContext({ locale: "en-US" });
    context = fresh;
    await fresh.clock.install({ time: start });
    await fresh.clock.pauseAt(new Date(start.getTime() + 1000));
    await fresh.addInitScript({ content: prepare });
    timed = await openPanel(fresh, panel().server);
  }
  const pass = (ms: number) => timed.page.clock.runFor(ms);
  const words = () => wordsOf(timed.page.locator("main"));
  const logButton = () => timed.page.getByRole("button", { name: "Show log", exact: true });
  const busy = () => timed.page.locator("main").getAttribute("aria-busy");

  afterEach(async () => {
    await context?.close();
    context = undefined;
  });

  it("asks again, after pauses that grow to 8 s, for as long as none has come", async () => {
    await open();
    assert.deepEqual(await timed.intents(), [ready]);
    for (const pause of [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]) {
      await pass(pause - 1);
      assert.deepEqual(await timed.intents(), [], `within ${pause} ms`);
      await pass(1);
      assert.deepEqual(await timed.intents(), [ready], `after ${pause} ms`);
    }
    await pass(3_600_000);
    assert.equal((await timed.intents()).length, 450);
    assert.deepEqual(await timed.complaints(), []);
  });

  it("asks no more once it has come, however late, and not after the next ones", async () => {
    await open();
    await pass(30_000);
    await timed.send(signedOutView());
    await timed.intents();
    await pass(3_600_000);
    await timed.send(signedInView());
    await pass(3_600_000);
    assert.deepEqual(await timed.intents(), []);
    assert.ok((await words()).includes("ada@example.com"));
  });

  it("asks again also when a question could not be sent", async () => {
    await open("window.failingPosts = 3;");
    assert.deepEqual(await timed.intents(), []);
    await pass(250 + 500);
    assert.deepEqual(await timed.intents(), []);
    await pass(1000);
    assert.deepEqual(await timed.intents(), [ready]);
    await timed.send(signedOutView());
    assert.equal(await busy(), "false");
    assert.deepEqual(await timed.complaints(), []);
  });

  it("says after a while that it takes long, what helps, and offers the log; a view takes its place", async () => {
    await open();
    const first = await words();
    assert.match(first, /Loading…$/);
    assert.equal(await busy(), "true");
    await pass(7000);
    assert.equal(await words(), first);
    await pass(1000);
    assert.match(await words(), /Still loading…\n+If this takes too long, run “Developer: Reload Window”/);
    assert.equal(await wordsOf(timed.page.getByRole("status")), "Still loading…");
    assert.equal(await busy(), "false", "a screen reader may read it");
    await timed.intents();
    await logButton().click();
    assert.deepEqual(await timed.intents(), [{ type: "showLog" }]);
    await timed.send(signedOutView());
    assert.doesNotMatch(await words(), /loading|Reload/i);
    assert.equal(await logButton().count(), 0);
  });

  describe("with a view that it does not understand", () => {
    const good = signedInView();
    const misfits: readonly [string, unknown][] = [
      ["something more", { ...good, novelty: 1 }],
      ["a token", { ...good, token: "eyJhbGciOiJub25lIn0" }],
      ["an unknown mode", { ...good, authMode: "both" }],
      ["an unknown state", { ...good, sign: { status: "frozen" } }],
      ["something missing", { ...good, sign: { status: "signedIn" } }],
      ["an address", { ...good, changedEndpoints: ["https://elsewhere.example"] }],
      ["a whole key", { ...good, ownKey: { status: "present", masked: `sk-${"a".repeat(48)}`, checked: true } }],
      ["nothing else", { type: "view" }],
    ];
    for (const [what, misfit] of misfits) {
      it(`(${what}): reports it, and keeps the last good one until the next`, async () => {
        await panel().send(good);
        await panel().intents();
        // Minutes may pass on a busy computer.
        const words = async () =>
          (await panel().text()).replace(/\b(?:in )?\d+ (?:second|minute|hour)s?(?: ago)?/g, "…");
        const before = await words();
        await panel().send(misfit);
        const alert = panel().page.getByRole("alert");
        assert.match(await wordsOf(alert), /doesn't match the extension.*“Developer: Reload Window”/);
        const after = await words();
        for (const line of before.split("\n")) assert.ok(after.includes(line), `"${line}" in:\n${after}`);
        await panel().button("Show log").click();
        assert.deepEqual(await panel().intents(), [{ type: "showLog" }]);
        await panel().send(good);
        assert.equal(await alert.count(), 0);
      });
    }

    it("as the first: reports it, and keeps asking", async () => {
      await open();
      await timed.send({ ...good, novelty: 1 });
      assert.match(await words(), /Developer: Reload Window/);
      assert.doesNotMatch(await words(), /loading|ada@/i);
      await timed.intents();
      await pass(250);
      assert.deepEqual(await timed.intents(), [ready]);
      await timed.send(good);
      assert.doesNotMatch(await words(), /Reload/);
    });
  });

  describe("with a view that cannot be drawn", () => {
    const broken = `
      const { format } = Intl.RelativeTimeFormat.prototype;
      window.broken = true;
      Intl.RelativeTimeFormat.prototype.format = function (...list) {
        if (window.broken) throw new Error("broken");
        return format.apply(this, list);
      };`;
    const alert = () => timed.page.getByRole("alert");

    it("as the first: reports it instead of loading forever, and draws the next", async () => {
      await open(broken);
      await timed.send(signedInView());
      assert.match(await wordsOf(alert()), /“Developer: Reload Window”/);
      assert.doesNotMatch(await words(), /loading/i);
      assert.equal(await busy(), "false");
      assert.match(String(await timed.complaints()), /broken/);
      await timed.page.evaluate("window.broken = false");
      await timed.send(signedInView());
      assert.equal(await alert().count(), 0);
      assert.ok((await words()).includes("ada@example.com"));
    });

    it("later: reports it, shows nothing that is out of date, and tries again as time passes", async () => {
      await open(broken);
      await timed.page.evaluate("window.broken = false");
      await timed.send(signedInView());
      await timed.page.evaluate("window.broken = true");
      await timed.send(signedInView());
      assert.match(await wordsOf(alert()), /“Developer: Reload Window”/);
      assert.doesNotMatch(await words(), /ada@/);
      await timed.page.evaluate("window.broken = false");
      await pass(15_000);
      assert.equal(await alert().count(), 0);
      assert.ok((await words()).includes("ada@example.com"));
    });
  });

  it("takes no view from a page of another origin, such as another extension's", async () => {
    await open();
    for (const origin of ["https://evil.example", "vscode-webview://evil", "null", ""]) {
      const message = JSON.stringify({ data: signedInView(), origin });
      await timed.page.evaluate(`dispatchEvent(new MessageEvent("message", ${message}))`);
      await pass(1);
      assert.match(await words(), /Loading…$/, origin);
    }
    await timed.send(signedInView());
    assert.ok((await words()).includes("ada@example.com"));
  });

  describe("when its script cannot be loaded", () => {
    async function openWithout(...files: string[]): Promise<void> {
      const fresh = await panel().newContext({ locale: "en-US" });
      context = fresh;
      for (const file of files) await fresh.route(`**/${file}`, (route) => route.abort());
      timed = await openPanel(fresh, panel().server);
    }
    const hint = () => timed.page.getByText("“Developer: Reload Window”");

    it("shows the frame, and after 8 s what helps", async () => {
      await openWithout("main.js");
      assert.equal(await words(), "ChatGPT Settings\n\nUnofficial. Not made by OpenAI.\n\nLoading…");
      assert.equal(await busy(), "true");
      assert.equal(await timed.page.getByRole("heading", { level: 1 }).count(), 1);
      const turnTo = (ms: number) =>
        timed.page.evaluate(`document.querySelector(".later").getAnimations()[0].currentTime = ${ms}`);
      await timed.page.evaluate(`document.querySelector(".later").getAnimations()[0].pause()`);
      await turnTo(7999);
      assert.equal(await hint().isVisible(), false);
      await turnTo(8001);
      assert.equal(await hint().isVisible(), true);
    });

    it("shows all of it at once when its style sheet cannot be loaded either", async () => {
      await openWithout("main.js", "main.css");
      assert.match(await words(), /^ChatGPT Settings\s+Unofficial.*\s+Loading…\s+If this takes too long, run “Dev/);
    });
  });

  it("takes over the page's own frame, word for word, so that nothing jumps or is there twice", async () => {
    const { page, load, text } = panel();
    await page.route("**/main.js", (route) => route.abort());
    await load("Dark 2026");
    const frame = await text();
    const box = await page.locator("h1").boundingBox();
    await page.unroute("**/main.js");
    await load("Dark 2026");
    assert.equal(await text(), frame);
    assert.deepEqual(await page.locator("h1").boundingBox(), box);
    assert.equal(await page.locator("main").count(), 1);
    assert.equal(await page.locator("h1").count(), 1);
  });
});
