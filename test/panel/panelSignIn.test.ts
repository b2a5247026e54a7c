import assert from "node:assert/strict";
import type { Intent, View } from "../../src/shared/panelProtocol.ts";
import { wordsOf } from "./panelPage.ts";
import { usePanel } from "./usePanel.ts";
import { signedOutView, states } from "./views.ts";

describe("settings panel during a sign-in", () => {
  const panel = usePanel();

  it("shows the device code large, spelled out for a screen reader, with its page and the warning", async () => {
    await panel().send(states.deviceCode());
    const code = panel().page.getByRole("img", { name: "Code A B C D - 1 2 3 4 5" });
    assert.equal(await wordsOf(code), "ABCD-12345");
    const size = (selector: string) =>
      panel().page.evaluate<number>(`parseFloat(getComputedStyle(document.querySelector("${selector}")).fontSize)`);
    assert.ok((await size(".device .code")) >= 1.8 * (await size(".device p")));
    const text = await panel().text();
    assert.match(text, /https:\/\/auth\.openai\.com\/codex\/device/);
    assert.match(text, /Never share this code/);
  });

  it("selects the whole code at once", async () => {
    await panel().send(states.deviceCode());
    await panel().page.locator(".device .code").click();
    assert.equal(await panel().page.evaluate("String(getSelection())"), "ABCD-12345");
  });

  it("tells the time that is left, and never less than none", async () => {
    const left = async (ms: number) => {
      const now = Date.now();
      await panel().send(signedOutView({ attempt: { stage: "waitingForBrowser", since: now, until: now + ms } }));
      return wordsOf(panel().page.getByRole("timer", { name: "Time left" }));
    };
    assert.match(await left(15 * 60_000), /^(15:00|14:5\d) left$/);
    assert.equal(await left(-5000), "0:00 left");
  });

  it("tells how to reach a listener on another computer", async () => {
    await panel().send(states.remote());
    assert.match(await panel().text(), /ssh -L 1455:localhost:1455 far-7\.example\.com/);
  });

  it("says what became of the page and of the service", async () => {
    await panel().send(states.notOpened());
    assert.match(await panel().text(), /VS Code didn't open the sign-in page\. If you copied its link/);
    await panel().send(states.notReached());
    assert.match(await panel().text(), /The browser hasn't opened the sign-in page yet\. If it doesn't, open the page/);
    await panel().send(states.deviceCodeSilent());
    assert.match(await panel().text(), /The service isn't responding; retrying…/);
  });

  const offers: readonly [string, () => View, string[]][] = [
    ["the browser", states.remote, ["Copy link", "Use device code", "Paste address"]],
    [
      "a page that was not opened",
      states.notOpened,
      ["Open page again", "Copy link", "Use device code", "Paste address"],
    ],
    ["a device code", states.deviceCode, ["Use browser", "Paste address"]],
    ["the pasted address", states.pasting, ["Use browser", "Copy link", "Use device code", "Paste address"]],
    ["a choice", states.choosing, ["Use device code", "Paste address"]],
    ["the credential", states.signingInAgain, []],
  ];
  for (const [what, view, expected] of offers) {
    it(`offers the other methods while it waits for ${what}`, async () => {
      await panel().send(view());
      const buttons = panel().page.locator(".methods vscode-button");
      assert.deepEqual(
        (await buttons.allInnerTexts()).map((text) => text.trim()),
        expected,
      );
    });
  }

  const asked: readonly [string, () => View, Intent][] = [
    ["Use device code", states.remote, { type: "signInWith", flow: "deviceCode" }],
    ["Paste address", states.remote, { type: "signInWith", flow: "paste" }],
    ["Use browser", states.deviceCode, { type: "signInWith", flow: "browser" }],
    ["Open page again", states.notOpened, { type: "signInWith", flow: "browser" }],
    ["Copy link", states.remote, { type: "copySignInLink" }],
    ["Copy code", states.deviceCode, { type: "copyDeviceCode" }],
    ["Open page", states.deviceCode, { type: "openDevicePage" }],
    ["Cancel sign-in", states.deviceCode, { type: "cancelSignIn" }],
  ];
  for (const [name, view, intent] of asked) {
    it(`asks for ${JSON.stringify(intent)} by “${name}”, with the mouse and the keyboard`, async () => {
      await panel().send(view());
      await panel().intents();
      await panel().button(name).click();
      await panel().button(name).focus();
      await panel().press("Enter");
      assert.deepEqual(await panel().intents(), [intent, intent]);
    });
  }
});
