import assert from "node:assert/strict";
import { openPanel, wordsOf } from "./panelPage.ts";
import { usePanel } from "./usePanel.ts";
import { account, signedInView, signedOutView, states } from "./views.ts";

describe("settings panel and its messages", function () {
  this.timeout(20_000);
  const panel = usePanel();

  describe("messages", () => {
    it("that are no view are dropped", async () => {
      await panel().send(signedInView());
      const before = await panel().page.locator("main").ariaSnapshot();
      const good = signedOutView();
      const bad: unknown[] = [
        null,
        "view",
        42,
        [],
        {},
        { type: "html", html: "<b>hello</b>" },
        { ...good, type: "other" },
        { ...good, type: ["view"] },
      ];
      for (const message of bad) {
        await panel().send(message);
        assert.equal(await panel().page.locator("main").ariaSnapshot(), before, JSON.stringify(message));
      }
      await panel().send(good);
      assert.notEqual(await panel().page.locator("main").ariaSnapshot(), before);
    });

    it("are shown as plain text", async () => {
      const markup = '<img src="x" onerror="alert(1)"><b>bold</b>';
      await panel().send(
        signedInView({ problem: markup }, { email: markup, plan: "<i>x</i>", workspaceId: "[a](command:evil)" }),
      );
      assert.equal(await panel().page.locator("main img, main b, main i, main a").count(), 0);
      assert.ok((await wordsOf(panel().page.getByRole("alert"))).includes(markup));
    });

    it("with times outside of any calendar do not stop the panel", async () => {
      await panel().send(signedInView({}, { accessTokenExpiresAt: 1e300, lastRefreshAt: -1e300 }));
      assert.ok((await panel().text()).includes("ada@example.com"));
      await panel().send(signedOutView());
      assert.equal(await panel().button("Sign in with ChatGPT").count(), 1);
    });
  });

  it("tells a screen reader politely of each change, from one place", async () => {
    await panel().send(signedOutView());
    const status = panel().page.getByRole("status");
    assert.equal(await status.getAttribute("aria-live"), "polite");
    await panel().page.evaluate("window.before = document.querySelector('[role=status]')");
    const said: string[] = [];
    for (const view of [signedOutView(), states.signingIn(), signedInView(), signedInView({ busy: ["signOut"] })]) {
      await panel().send(view);
      said.push(await wordsOf(status));
    }
    assert.deepEqual(said, [
      "Signed out. Requests use your OpenAI API key.",
      "Waiting for you to sign in with your browser…",
      "Signed in as ada@example.com. Requests use your ChatGPT account.",
      "Signing out…",
    ]);
    assert.equal(await panel().page.evaluate("window.before === document.querySelector('[role=status]')"), true);
  });

  it("counts the time of a sign-in and rewrites relative times by itself", async () => {
    const at = new Date("2026-03-01T12:00:00Z");
    const context = await panel().newContext({ locale: "en-US" });
    await context.clock.install({ time: at });
    const timed = await openPanel(context, panel().server);
    await timed.page.clock.pauseAt(new Date(at.getTime() + 10_000));
    const now = at.getTime() + 10_000;
    await timed.send(signedOutView({ attempt: { stage: "starting", since: now - 58_000 } }));
    const timer = timed.page.getByRole("timer");
    assert.equal(await wordsOf(timer), "0:58");
    await timed.page.clock.runFor(3000);
    assert.equal(await wordsOf(timer), "1:01");
    await timed.send(signedInView({ sign: { status: "signedIn", account: account({ lastRefreshAt: now }) } }));
    const refreshed = timed.page.locator(".fact", { hasText: "Last refresh" }).locator("time");
    assert.match(await wordsOf(refreshed), /^now · Mar 1, 2026/);
    await timed.page.clock.runFor(120_000);
    assert.match(await wordsOf(refreshed), /^2 minutes ago · Mar 1, 2026/);
    assert.deepEqual(await timed.complaints(), []);
    await context.close();
  });

  const regions: readonly [language: string, region: string, distance: string][] = [
    ["de", "de-DE", "in 52 Minuten"],
    ["en", "en-GB", "in 52 minutes"],
  ];
  for (const [language, region, distance] of regions) {
    it(`writes times as the person's region does: ${region}`, async () => {
      panel().server.speak(language, {});
      const context = await panel().newContext({ locale: region, timezoneId: "Europe/Berlin" });
      const there = await openPanel(context, panel().server);
      panel().server.speak("en");
      const expiresAt = Date.now() + 52 * 60_000;
      await there.send(signedInView({}, { accessTokenExpiresAt: expiresAt }));
      const date = new Intl.DateTimeFormat(region, {
        dateStyle: "medium",
        timeStyle: "short",
        timeZone: "Europe/Berlin",
      });
      const words = await wordsOf(there.page.locator(".fact", { hasText: "Access token expires" }).locator("time"));
      assert.equal(words, `${distance} · ${date.format(expiresAt)}`);
      await context.close();
    });
  }
});
