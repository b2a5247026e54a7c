import assert from "node:assert/strict";
import type { Intent, View } from "../../src/shared/panelProtocol.ts";
import { wordsOf } from "./panelPage.ts";
import { usePanel } from "./usePanel.ts";
import { signedInView, signedOutView, states, usage } from "./views.ts";

describe("settings panel", function () {
  this.timeout(20_000);
  const panel = usePanel();

  it("is small", () => {
    assert.ok(panel().server.scriptSize < 110_000, `${panel().server.scriptSize} bytes`);
  });

  it("shows nothing about an account before the first view", async () => {
    assert.equal(await panel().text(), "ChatGPT Settings\n\nUnofficial. Not made by OpenAI.\n\nLoading…");
  });

  describe("shows", () => {
    const shown: readonly [name: string, view: () => View, present: readonly string[], absent: readonly string[]][] = [
      [
        "signed out",
        states.signedOut,
        ["Sign in with your browser", "No API key is set.", "Keys are saved in VS Code's secret storage"],
        ["Sign out"],
      ],
      [
        "signing in",
        states.signingIn,
        ["Waiting for you to sign in with your browser…", "Cancel"],
        ["Sign in with your"],
      ],
      [
        "signed in",
        states.signedIn,
        [
          "ada@example.com",
          "Plus",
          "6f1c1d5e-4d0b-4c55-9d5c-0a8f4f1b7e21",
          "in 52 minutes",
          "8 minutes ago",
          "sk-…w7Qa",
          "Created 3 days ago",
          "Create a new key",
          "not to your ChatGPT plan",
          "sk-…9fX2",
        ],
        ["Cancel", "Retry", "Sign-in required"],
      ],
      [
        "how much of the plan is used and left",
        states.signedIn,
        ["5-hour limit", "37% used · 63% left", "Resets in 2 hours", "Weekly limit", "92% used · 8% left", "in 3 days"],
        ["reached the usage limit"],
      ],
      ["that the limit is reached", states.limitReached, ["You've reached the usage limit of your plan."], []],
      ["that the usage is loading", states.readingUsage, ["Loading…"], ["used", "left"]],
      ["why the usage is not known", states.noUsage, ["The service couldn't be reached."], ["left"]],
      ["no usage of nobody's plan", states.signedOut, [], ["Usage of your"]],
      [
        "a window that has been reset",
        () =>
          signedInView({
            usage: usage({
              windows: [{ name: "weekly", usedPercent: 100, leftPercent: 0, resetsAt: Date.now() - 60_000 }],
            }),
          }),
        ["100% used · 0% left", "Reset 1 minute ago"],
        ["5-hour"],
      ],
      [
        "a plan without limits",
        () => signedInView({ usage: usage({ windows: [] }) }),
        ["OpenAI reports no limits for this plan."],
        ["left"],
      ],
      [
        "the account beside a new sign-in",
        states.signingInAgain,
        ["Getting your credential…", "Cancel", "ada@example.com", "Sign out"],
        [],
      ],
      [
        "no organization",
        states.noOrganization,
        ["This account has no OpenAI Platform organization.", "Set up on platform.openai.com", "Retry", "Not verified"],
        ["Created 3 days ago"],
      ],
      ["an organization without setup", states.needsSetup, ["isn't set up yet", "Business"], ["Retry"]],
      [
        "a key being created",
        states.bare,
        ["Creating…", "ChatGPT account"],
        ["Retry", "ChatGPT workspace\n", "undefined"],
      ],
      [
        "sign in again",
        states.needsSignIn,
        ["already used elsewhere", "ada@example.com", "Access token expired", "1 minute ago", "Sign in again"],
        ["Refresh\n", "Access token expires", "Create a new key"],
      ],
      ["an unreadable sign-in", states.unreadable, ["couldn't be read", "Sign in again"], ["ChatGPT workspace\n"]],
      [
        "what is wrong",
        states.troubles,
        [
          ...["The service couldn't be reached.", "Custom endpoint.", "issuer and apiBaseUrl", "Sign-in required"],
          "Its operator can see your credentials.",
        ],
        ["unless you allow it"],
      ],
      [
        "a failure that is over",
        () => signedOutView({ problem: "It failed." }),
        ["It failed.", "Show log"],
        ["Try again"],
      ],
      [
        "accounts that cannot be read",
        () => signedOutView({ problem: "It failed.", unread: true }),
        ["It failed.", "Try again", "Show log"],
        [],
      ],
      [
        "a credential that is held back",
        () => signedInView({ changedEndpoints: ["apiBaseUrl"], endpointsHeldBack: true }),
        ["Changed in your settings: apiBaseUrl. Your credentials aren't sent there unless you allow it.", "Review…"],
        ["can see your credentials"],
      ],
    ];
    for (const [name, view, present, absent] of shown) {
      it(name, async () => {
        await panel().send(view());
        const words = await panel().text();
        for (const part of present) {
          assert.ok(words.includes(part), `"${part}" in:\n${words}`);
        }
        for (const part of absent) {
          assert.ok(!words.includes(part), `"${part}" not in:\n${words}`);
        }
      });
    }

    it("the buttons of a warning side by side, in a narrow panel too", async () => {
      const size = panel().page.viewportSize();
      await panel().page.setViewportSize({ width: 400, height: 700 });
      await panel().send(signedInView({ changedEndpoints: ["issuer", "apiBaseUrl"], endpointsHeldBack: true }));
      const [review, open] = await Promise.all(
        ["Review…", "Open settings"].map((name) => panel().button(name).boundingBox()),
      );
      assert.ok(review && open && size);
      assert.equal(review.y, open.y);
      await panel().page.setViewportSize(size);
    });

    it("each reason and each stage in different words", async () => {
      const seen = new Set<string>();
      const views: View[] = [
        states.signingIn(),
        ...(["starting", "redeeming", "saving"] as const).map((stage) =>
          signedOutView({ attempt: { stage, since: Date.now() } }),
        ),
        ...(["expired", "reused", "revoked", "rejected", "unreadable"] as const).map((why) =>
          signedOutView({ sign: { status: "needsSignIn", why } }),
        ),
      ];
      for (const view of views) {
        await panel().send(view);
        seen.add(await wordsOf(panel().page.getByRole("status")));
      }
      assert.equal(seen.size, views.length);
      const absences = (["pending", "noOrganization", "refused", "unreachable"] as const).map((why) =>
        signedInView({}, { derivedKey: { status: "absent", why } }),
      );
      const sentences = new Set<string>();
      for (const view of absences) {
        await panel().send(view);
        sentences.add(
          await wordsOf(panel().page.locator(".fact", { hasText: "Account API key" }).locator("p").first()),
        );
      }
      assert.equal(sentences.size, absences.length);
    });
  });

  describe("asks", () => {
    const absent = (why: "noOrganization" | "refused" | "unreachable") =>
      signedInView({}, { derivedKey: { status: "absent", why } });
    const asked: readonly [name: string, view: () => View, intent: Intent][] = [
      ["Sign in with ChatGPT", () => signedOutView(), { type: "signIn" }],
      ["Sign in again", () => signedOutView({ sign: { status: "needsSignIn", why: "expired" } }), { type: "signIn" }],
      ["Cancel sign-in", states.signingIn, { type: "cancelSignIn" }],
      ["Refresh", () => signedInView(), { type: "refresh" }],
      ["Sign out", () => signedInView(), { type: "signOut" }],
      ["Import from Codex CLI", () => signedInView(), { type: "importFromCodex" }],
      ["Export to Codex CLI", () => signedInView(), { type: "exportToCodex" }],
      ["Retry creating the account API key", () => absent("refused"), { type: "retryDerivedKey" }],
      ["Retry creating the account API key", () => absent("unreachable"), { type: "retryDerivedKey" }],
      ["Create a new account API key", () => signedInView(), { type: "retryDerivedKey" }],
      ["Set up on platform.openai.com", () => absent("noOrganization"), { type: "openPlatform" }],
      ["Set up on platform.openai.com", states.needsSetup, { type: "openPlatform" }],
      ["Set OpenAI API key", () => signedOutView(), { type: "setApiKey" }],
      ["Use key from OPENAI_API_KEY", states.keyInEnvironment, { type: "adoptEnvironmentKey" }],
      ["Replace OpenAI API key", () => signedInView(), { type: "setApiKey" }],
      ["Remove OpenAI API key", () => signedInView(), { type: "removeApiKey" }],
      ["Refresh usage", () => signedInView(), { type: "readUsage" }],
      ["Try again", () => signedOutView({ problem: "It failed.", unread: true }), { type: "readAccounts" }],
      ["Show log", () => signedOutView({ problem: "It failed." }), { type: "showLog" }],
      [
        "Review…",
        () => signedOutView({ changedEndpoints: ["apiBaseUrl"], endpointsHeldBack: true }),
        { type: "reviewEndpoints" },
      ],
      ["Open settings", () => signedOutView({ changedEndpoints: ["issuer"] }), { type: "openEndpointSettings" }],
      ["Open settings", () => signedInView({ problem: "x", notAllowed: true }), { type: "openEndpointSettings" }],
    ];
    for (const [name, view, intent] of asked) {
      it(`${intent.type} by "${name}", with the mouse, Enter and Space`, async () => {
        await panel().send(view());
        await panel().intents();
        await panel().button(name).click();
        await panel().button(name).focus();
        await panel().press("Enter");
        await panel().press("Space");
        assert.deepEqual(await panel().intents(), [intent, intent, intent]);
      });
    }

    it("nothing by a busy button, which keeps the focus", async () => {
      const cases: [View, string, string][] = [
        [signedInView({ busy: ["refresh"] }), "Refresh", "Refreshing…"],
        [signedInView({ busy: ["signOut"] }), "Sign out", "Signing out…"],
        [signedInView({ busy: ["ownKey"] }), "Replace OpenAI API key", "Replace OpenAI API key"],
      ];
      for (const [view, before, during] of cases) {
        await panel().send(signedInView());
        await panel().button(before).focus();
        await panel().send(view);
        assert.equal(await panel().focused(), during);
        assert.equal(await panel().button(during).getAttribute("aria-disabled"), "true");
        await panel().intents();
        await panel().press("Enter");
        await panel().button(during).dispatchEvent("click");
        assert.deepEqual(await panel().intents(), []);
      }
    });

    it("once while a key is held", async () => {
      await panel().send(signedInView());
      await panel().intents();
      await panel().button("Refresh").focus();
      await panel().page.keyboard.down("Enter");
      await panel().page.keyboard.down("Enter");
      await panel().page.keyboard.up("Enter");
      assert.deepEqual(await panel().intents(), [{ type: "refresh" }]);
    });
  });
});
