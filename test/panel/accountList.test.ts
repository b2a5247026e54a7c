import assert from "node:assert/strict";
import type { Intent } from "../../src/shared/panelProtocol.ts";
import { wordsOf } from "./panelPage.ts";
import { usePanel } from "./usePanel.ts";
import { signedInView, signedOutView, states } from "./views.ts";

describe("settings panel's other accounts", function () {
  this.timeout(20_000);
  const panel = usePanel();
  const section = () => panel().page.getByRole("region", { name: "Other ChatGPT accounts" });

  it("are listed with plan and origin, and not for somebody signed out", async () => {
    await panel().send(states.severalAccounts());
    const rows = await section().getByRole("listitem").allInnerTexts();
    assert.equal(rows.length, 2);
    assert.match(rows[0] ?? "", /ada@example\.com \(ChatGPT workspace 9a7b1e21\)\s+Plan:\s+Team\s+Signed in here/);
    assert.match(rows[1] ?? "", /charles@example\.com\s+Plan:\s+Pro\s+Linked to the Codex CLI · Sign-in required/);
    await panel().send(signedOutView());
    assert.equal(await section().count(), 0);
  });

  it("say which of them the settings don't allow", async () => {
    const [first, ...rest] = states.severalAccounts().otherAccounts ?? [];
    assert.ok(first);
    await panel().send(signedInView({ otherAccounts: [{ ...first, notAllowed: true }, ...rest] }));
    const rows = await section().getByRole("listitem").allInnerTexts();
    assert.deepEqual(
      rows.map((row) => row.includes("Not allowed by your settings")),
      [true, false],
    );
  });

  it("say what adding one is good for while there is none", async () => {
    await panel().send(signedInView());
    assert.match(
      await wordsOf(section()),
      /You can also sign in with another account, or with this one in another ChatGPT workspace/,
    );
    assert.equal(await section().getByRole("listitem").count(), 0);
  });

  const id = "fedcba9876543210";
  const asked: [name: string, intent: Intent][] = [
    ["Use charles@example.com", { type: "useAccount", id }],
    ["Sign out of charles@example.com", { type: "signOutAccount", id }],
    ["Add account", { type: "addAccount" }],
  ];
  for (const [name, intent] of asked) {
    it(`ask for ${intent.type} by "${name}", with the mouse, Enter and Space`, async () => {
      await panel().send(states.severalAccounts());
      await panel().intents();
      await panel().button(name).click();
      await panel().button(name).focus();
      await panel().press("Enter");
      await panel().press("Space");
      assert.deepEqual(await panel().intents(), [intent, intent, intent]);
    });
  }

  it("do nothing while an account is being signed out, or one is being added", async () => {
    await panel().send({ ...states.severalAccounts(), busy: ["signOut"] });
    await panel().intents();
    await panel().button("Use charles@example.com").dispatchEvent("click");
    await panel().button("Sign out of charles@example.com").dispatchEvent("click");
    await panel().send({ ...states.severalAccounts(), attempt: { stage: "starting", since: Date.now() } });
    await panel().button("Add account").dispatchEvent("click");
    assert.deepEqual(await panel().intents(), []);
  });
});
