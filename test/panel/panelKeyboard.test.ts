import assert from "node:assert/strict";
import { wordsOf } from "./panelPage.ts";
import { usePanel } from "./usePanel.ts";
import { signedInView, signedOutView, states } from "./views.ts";

describe("settings panel by keyboard", function () {
  this.timeout(20_000);
  const panel = usePanel();

  describe("API key / ChatGPT", () => {
    const radio = (name: string) => panel().page.getByRole("radio", { name, exact: true });

    it("is a labelled radio group whose radios carry their sentence", async () => {
      await panel().send(signedInView());
      const group = panel().page.getByRole("radiogroup", { name: "Make requests with" });
      assert.equal(await group.getByRole("radio").count(), 2);
      assert.equal(await group.getByRole("radio", { checked: true }).getAttribute("value"), "chatgpt");
      const id = await radio("ChatGPT").getAttribute("aria-describedby");
      assert.equal(await wordsOf(panel().page.locator(`#${id}`)), "Requests use your ChatGPT account.");
    });

    it("posts the choice made with the mouse and with the arrow keys", async () => {
      await panel().send(signedInView());
      await panel().intents();
      await panel().page.getByText("Requests use your OpenAI API key").click();
      await panel().send(signedInView({ authMode: "apiKey" }));
      await radio("API key").focus();
      await panel().press("ArrowDown");
      await panel().send(signedInView({ authMode: "chatgpt" }));
      assert.equal(await panel().focused(), "ChatGPT");
      await panel().press("ArrowUp");
      const chosen = ["apiKey", "chatgpt", "apiKey"].map((authMode) => ({ type: "setAuthMode", authMode }));
      assert.deepEqual(await panel().intents(), chosen);
    });

    it("follows the view, also against the person's choice", async () => {
      await panel().send(signedInView());
      await radio("API key").check();
      await panel().send(signedInView());
      assert.equal(await radio("ChatGPT").isChecked(), true);
      await panel().send(signedInView({ authMode: "apiKey" }));
      assert.equal(await radio("API key").isChecked(), true);
      assert.equal(await radio("ChatGPT").isChecked(), false);
    });
  });

  describe("keyboard", () => {
    it("walks through everything in the order of the page, with a visible focus", async () => {
      await panel().send(
        signedInView(
          { problem: "It failed.", changedEndpoints: ["issuer"] },
          { derivedKey: { status: "absent", why: "noOrganization" } },
        ),
      );
      const walk: string[] = [];
      for (let step = 0; step < 13; step++) {
        await panel().press("Tab");
        walk.push(await panel().focused());
        const outline = await panel().page.evaluate<string>(`(() => {
          const at = document.activeElement;
          const drawn = at.shadowRoot?.querySelector(".base") ?? at.closest("label") ?? at;
          return getComputedStyle(drawn).outlineStyle;
        })()`);
        assert.equal(outline, "solid", `outline of ${walk.at(-1)}`);
      }
      assert.deepEqual(walk, [
        "Show log",
        "Open settings",
        "Set up on platform.openai.com",
        "Retry creating the account API key",
        "Refresh",
        "Sign out",
        "Add account",
        "Refresh usage",
        "ChatGPT",
        "Replace OpenAI API key",
        "Remove OpenAI API key",
        "Import from Codex CLI",
        "Export to Codex CLI",
      ]);
    });

    it("keeps the focus and the element itself while the view changes around it", async () => {
      await panel().send(signedInView());
      for (const name of ["Refresh", "Sign out", "Remove OpenAI API key"]) {
        await panel().button(name).focus();
        await panel().page.evaluate("window.before = document.activeElement");
        await panel().send(signedInView({ problem: "It failed." }, { lastRefreshAt: Date.now(), plan: "pro" }));
        await panel().send(
          signedInView({ attempt: { stage: "starting", since: Date.now() }, changedEndpoints: ["issuer"] }),
        );
        await panel().send(signedInView({}, { email: "grace@example.com" }));
        assert.equal(await panel().page.evaluate("window.before === document.activeElement"), true, name);
        assert.equal(await panel().focused(), name);
      }
    });

    it("hands the focus on when the button under it goes away", async () => {
      await panel().send(signedOutView());
      await panel().button("Sign in with ChatGPT").focus();
      await panel().send(states.signingIn());
      assert.equal(await panel().focused(), "Cancel sign-in");
      await panel().send(signedInView());
      assert.equal(await panel().focused(), "Refresh");
      await panel().button("Sign out").focus();
      await panel().send(signedOutView());
      assert.equal(await panel().focused(), "Sign in with ChatGPT");
      await panel().send(signedOutView({ problem: "It failed." }));
      await panel().button("Show log").focus();
      await panel().send(signedInView());
      assert.equal(await panel().focused(), "Refresh");
      await panel().button("Remove OpenAI API key").focus();
      await panel().send(signedInView({ ownKey: { status: "absent" } }));
      assert.equal(await panel().focused(), "Set OpenAI API key");
    });

    it("never takes the focus when the panel has none", async () => {
      for (const view of Object.values(states)) {
        await panel().send(view());
        assert.equal(await panel().focused(), "");
      }
    });
  });
});
