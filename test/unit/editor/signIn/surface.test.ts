import assert from "node:assert/strict";
import { deviceOf, noticeOf } from "../../../support/runningSignIn.ts";
import { signInPageBehind } from "../../../support/signInAddress.ts";
import { state, until } from "../../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "../editorFixture.ts";

describe("What a sign-in asks of the person", () => {
  let fixture: EditorFixture;
  useEditorFixture(
    (made) => {
      fixture = made;
      fixture.browser.open = async () => true;
    },
    { device: { interval: 1 } },
  );

  it("copies and opens nothing when no sign-in runs", async () => {
    state.clipboard = "what the person had";
    await fixture.surface.copyLink();
    await fixture.surface.copyDeviceCode();
    await fixture.surface.openDevicePage();
    assert.deepEqual([state.clipboard, state.opened, state.statusMessages], ["what the person had", [], []]);
  });

  it("copies the link, and shows that with the sign-in", async () => {
    const running = fixture.run("signIn");
    await until(() => state.opened.length === 1 && fixture.signIn.running?.stage === "waitingForBrowser");
    await fixture.surface.copyLink();
    assert.equal(state.clipboard, await signInPageBehind(state.opened[0] ?? ""));
    assert.equal(noticeOf(fixture.signIn), "linkCopied");
    fixture.signIn.cancel();
    await running;
    assertNeverShownIn(state.shown, new URL(state.clipboard).searchParams.get("state") ?? "");
  });

  it("copies a device code without its link, and opens its page", async () => {
    const running = fixture.run({ type: "signInWith", flow: "deviceCode" });
    const device = await until(() => deviceOf(fixture.signIn));
    await fixture.surface.copyDeviceCode();
    await fixture.surface.openDevicePage();
    assert.deepEqual([state.clipboard, state.opened], [device.userCode, [device.page]]);
    assert.deepEqual(state.statusMessages, ["The device code was copied."]);
    fixture.signIn.cancel();
    await running;
  });
});

function assertNeverShownIn(shown: readonly string[], secret: string): void {
  assert.ok(secret.length > 5);
  for (const text of shown) assert.ok(!text.includes(secret));
}
