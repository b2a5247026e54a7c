import assert from "node:assert/strict";
import { isProblem, Problem } from "../../../../src/shared/problem.ts";
import { loginByHttp } from "../../../issuer/login.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import { deviceOf } from "../../../support/runningSignIn.ts";
import { browseAs } from "../../../support/services.ts";
import { signInPageBehind } from "../../../support/signInAddress.ts";
import { assertNeverShown, sentences, settingOf, state, theMessage, until } from "../../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "../editorFixture.ts";

const mode = () => settingOf("chatgptSignIn.authMode");

describe("Signing in", () => {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  useEditorFixture(
    (given, from) => {
      fixture = given;
      issuer = from;
    },
    { device: { interval: 1 } },
  );

  it("is announced once it is stored, and switches the mode", async () => {
    const whenTold: unknown[] = [];
    state.onMessage = ({ text }) => whenTold.push([text, (fixture.secrets as MemorySecrets).values.size, mode()]);
    await fixture.run("signIn");
    assert.deepEqual(whenTold, [["Signed in as plus@example.com (Plus).", 2, "chatgpt"]]);
    assert.equal(fixture.activity.problem, undefined);
    const [progress] = state.progresses;
    assert.equal(progress?.title, "Signing in with ChatGPT");
    await until(() => progress?.done);
  });

  it("twice brings what runs forward, and starts nothing", async () => {
    const pages: string[] = [];
    fixture.browser.open = async (url) => {
      pages.push(url);
      return true;
    };
    const first = fixture.run("signIn");
    await until(() => fixture.signIn.running?.stage === "waitingForBrowser" && pages.length === 1);
    await fixture.run("signIn");
    assert.deepEqual([pages.length, pages[0] === pages[1]], [2, false]);
    assert.equal(state.progresses.length, 2);
    await until(() => state.progresses[0]?.done);
    assert.deepEqual(sentences(), []);
    await browseAs("plus@example.com")(pages[0] ?? "");
    await first;
    assert.equal(fixture.accounts.state.accounts.length, 1);
    assert.deepEqual(sentences(), ["Signed in as plus@example.com (Plus)."]);
  });

  it("that the person cancels in the notification is not spoken of", async () => {
    fixture.browser.open = async () => true;
    const running = fixture.run("signIn");
    await until(() => fixture.signIn.running?.stage === "waitingForBrowser");
    state.progresses[0]?.cancel();
    await running;
    assert.deepEqual(sentences(), []);
    assert.deepEqual(
      [mode(), fixture.activity.problem, fixture.accounts.state.active],
      ["apiKey", undefined, undefined],
    );
    await until(() => state.progresses[0]?.done);
  });

  it("that fails is told once, with the log at hand, and is forgotten at the next try", async () => {
    issuer.faults.set("token", { kind: "serverError", times: 1, grant: "authorization_code" });
    await fixture.run("signIn");
    const message = theMessage(/./);
    assert.deepEqual([message.kind, message.text], ["error", new Problem("serviceFailed").message]);
    assert.deepEqual(message.buttons, ["Show Log"]);
    assert.equal(fixture.activity.problem, message.text);
    assert.equal(mode(), "apiKey");
    message.choose("Show Log");
    await until(() => fixture.shown.length === 1);
    assert.ok(fixture.lines.some((line) => line.startsWith("Signing in failed: Problem serviceFailed")));
    await fixture.run("signIn");
    assert.equal(fixture.activity.problem, undefined);
    assert.equal(mode(), "chatgpt");
  });

  it("stands when the mode cannot be switched, and says both", async () => {
    state.settingFailure = new Error("settings.json canary-text is read-only");
    await fixture.run("signIn");
    assert.equal(fixture.accounts.state.active?.email, "plus@example.com");
    theMessage(/couldn't save the setting “chatgptSignIn\.authMode”/);
    theMessage(/^Signed in as plus@example\.com \(Plus\)\.$/);
    assertNeverShown("canary-text");
  });

  it("goes on with another method, and starts with it when none runs", async () => {
    const running = fixture.run({ type: "signInWith", flow: "paste" });
    await until(() => state.boxes[0]?.visible);
    assert.equal(fixture.signIn.running?.stage, "waitingForLink");
    await fixture.run({ type: "signInWith", flow: "deviceCode" });
    assert.equal(fixture.signIn.running?.stage, "waitingForDevice");
    void fixture.run("cancelSignIn");
    await running;
    assert.deepEqual(sentences(), []);
  });

  it("goes on when another method fails, which is shown", async () => {
    fixture.browser.open = async () => true;
    issuer.setDevice({ enabled: false });
    try {
      const running = fixture.run("signIn");
      await until(() => fixture.signIn.running?.stage === "waitingForBrowser");
      await fixture.run({ type: "signInWith", flow: "deviceCode" });
      assert.deepEqual(sentences(), [new Problem("deviceCodeDisabled").message]);
      assert.ok(fixture.signIn.running);
      void fixture.run("cancelSignIn");
      await running;
      assert.equal(sentences().length, 1);
    } finally {
      issuer.setDevice({ enabled: true });
    }
  });

  it("that ends while another method starts is reported once", async () => {
    fixture.browser.open = async () => true;
    const running = fixture.run("signIn");
    await until(() => state.opened.length === 1 && fixture.signIn.running?.stage === "waitingForBrowser");
    issuer.faults.set("usercode", { kind: "slow", delayMs: 20_000 });
    const switching = fixture.run({ type: "signInWith", flow: "deviceCode" });
    const redirect = await loginByHttp(state.opened[0] ?? "", "plus@example.com", "password", { cancel: true });
    await fetch(redirect);
    await Promise.all([running, switching]);
    assert.deepEqual(sentences(), [new Problem("accessDenied").message]);
  });

  it("reports a method that failed meanwhile, and nothing of one that was cancelled", () => {
    fixture.signInActions.tellTrouble(new Problem("cancelled"));
    assert.deepEqual(sentences(), []);
    fixture.signInActions.tellTrouble(new Problem("regionBlocked", "at-canarySecret12345678"));
    assert.deepEqual(sentences(), [new Problem("regionBlocked").message]);
    assert.ok(!fixture.lines.join("\n").includes("canarySecret"));
  });

  it("for a session throws what it failed with, and tells it once", async () => {
    issuer.faults.set("token", { kind: "status", status: 400, code: "invalid_grant", times: 1 });
    await assert.rejects(fixture.signInActions.signInForSession({}), (error) => isProblem(error, "exchangeRefused"));
    assert.deepEqual(sentences(), [new Problem("exchangeRefused").message]);
    assert.equal(mode(), "apiKey");
    await fixture.signInActions.signInForSession({});
    assert.deepEqual([mode(), fixture.accounts.state.active?.plan], ["chatgpt", "plus"]);
  });

  it("for a session that joins one which runs already switches the mode, too", async () => {
    const running = fixture.run("signIn");
    await fixture.signInActions.signInForSession({});
    await running;
    assert.equal(mode(), "chatgpt");
  });

  it("copies and opens what belongs to the running sign-in", async () => {
    fixture.browser.open = async () => true;
    const running = fixture.run("signIn");
    await until(() => state.opened.length === 1 && fixture.signIn.running?.stage === "waitingForBrowser");
    await fixture.run("copySignInLink");
    assert.equal(state.clipboard, await signInPageBehind(state.opened[0] ?? ""));
    await fixture.run({ type: "signInWith", flow: "deviceCode" });
    await fixture.run("copyDeviceCode");
    assert.equal(state.clipboard, deviceOf(fixture.signIn)?.userCode);
    await fixture.run("openDevicePage");
    assert.equal(state.opened.at(-1), deviceOf(fixture.signIn)?.page);
    void fixture.run("cancelSignIn");
    await running;
  });
});
