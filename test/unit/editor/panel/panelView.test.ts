import assert from "node:assert/strict";
import { accountBinding, endpointDefaults } from "../../../../src/account/endpoints.ts";
import type { UsageView } from "../../../../src/editor/chat/usageView.ts";
import { createView } from "../../../../src/editor/panel/panelView.ts";
import { KnownAccounts } from "../../../../src/editor/sessions/knownAccounts.ts";
import { viewSchema } from "../../../../src/shared/panelProtocol.ts";
import { Problem } from "../../../../src/shared/problem.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import { deviceOf } from "../../../support/runningSignIn.ts";
import { changeSetting, until } from "../../../support/vscodeStub/stub.ts";
import { createEditorFixture, type EditorFixture, useEditorFixture } from "../editorFixture.ts";
import { MemoryMemento } from "../sessions/sessionFixture.ts";

describe("The panel's view", () => {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  useEditorFixture((given, from) => {
    fixture = given;
    issuer = from;
  });

  /** The view, which fits the protocol and holds no secret. */
  function view() {
    const made = createView({
      ...{
        accounts: fixture.accounts,
        policy: fixture.policy,
        ownKey: fixture.ownKey,
        signIn: fixture.signIn,
        activity: fixture.activity,
        review: fixture.review,
      },
      known: new KnownAccounts(new MemoryMemento()),
      usage: { current: undefined } as UsageView,
      consumers: { views: () => [] },
    });
    const text = JSON.stringify(viewSchema.parse(made));
    for (const { kind, value } of issuer.secrets()) {
      if (kind !== "user_code") assert.ok(!text.includes(value), `a ${kind} is in the view`);
    }
    assert.doesNotMatch(text, /canary/);
    return made;
  }

  it("is of nobody when nobody is signed in", () => {
    const { sign, ownKey, otherAccounts, attempt, problem } = view();
    assert.deepEqual(
      { sign, status: ownKey.status, otherAccounts, attempt, problem },
      { sign: { status: "signedOut" }, status: "absent", otherAccounts: [], attempt: undefined, problem: undefined },
    );
  });

  it("says when it cannot be read who is signed in", async () => {
    await fixture.signedIn();
    assert.deepEqual([view().unread, view().problem], [undefined, undefined]);
    Object.defineProperty(fixture.accounts, "state", {
      value: { accounts: [], active: undefined, notice: undefined, unread: "all" },
    });
    assert.deepEqual([view().unread, view().problem], [true, new Problem("keyringFailed").message]);
  });

  it("says when a credential is held back because the settings name other addresses", async () => {
    await fixture.signedIn();
    await fixture.endpoints.grant(accountBinding(issuer.issuer), [
      endpointDefaults.apiBaseUrl,
      endpointDefaults.chatgptBaseUrl,
    ]);
    assert.equal(view().endpointsHeldBack, undefined);
    changeSetting("chatgptSignIn.chatgptBaseUrl", "https://gateway.example/backend-api");
    assert.equal(view().endpointsHeldBack, true);
  });

  it("has what is known of the account: email, plan, ChatGPT workspace, expiry, and its key masked", async () => {
    const derivedKey = { status: "present", key: "sk-canary-derived-0123456wxyz", createdAt: 5 };
    const times = { signedInAt: Date.UTC(2026, 1), lastRefreshAt: Date.UTC(2026, 2) };
    const { receivedAt } = await fixture.signedIn("plus@example.com", { derivedKey, ...times });
    const { sign } = view();
    assert.ok(sign.status === "signedIn");
    const { accessTokenExpiresAt = 0, ...account } = sign.account;
    assert.deepEqual(account, {
      origin: "own",
      email: "plus@example.com",
      plan: "plus",
      workspaceId: "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01",
      ...times,
      needsPlatformSetup: false,
      derivedKey: { status: "present", masked: "sk-…wxyz", createdAt: 5 },
    });
    assert.ok(Math.abs(accessTokenExpiresAt - receivedAt - 10 * 24 * 60 * 60_000) < 60_000);
  });

  it("has when somebody signed in, and when the tokens were refreshed last, right after a first sign-in", async () => {
    const { signedInAt } = await fixture.signIn.run();
    const { sign } = view();
    assert.ok(sign.status === "signedIn");
    assert.deepEqual([sign.account.signedInAt, sign.account.lastRefreshAt], [signedInAt, signedInAt]);
  });

  for (const [at, isShown] of [
    [Date.UTC(2020, 0), true],
    [Date.UTC(2020, 0) - 1, false],
    [0, false],
    [-1, false],
    [Date.now() + 24 * 60 * 60_000, false],
    [8.64e15 + 1, false],
  ] as const) {
    it(`${isShown ? "has" : "leaves out"} a time of ${at} ms`, async () => {
      await fixture.signedIn("plus@example.com", { signedInAt: at, lastRefreshAt: at });
      const { sign } = view();
      assert.ok(sign.status === "signedIn");
      assert.deepEqual(
        [sign.account.signedInAt !== undefined, sign.account.lastRefreshAt !== undefined],
        [isShown, isShown],
      );
    });
  }

  it("has why a sign-in is needed, and the others beside it", async () => {
    await fixture.signedIn("team@example.com", { rejected: "expired" });
    await fixture.signedIn("plus@example.com", { rejected: "reused" });
    const { sign, otherAccounts } = view();
    assert.deepEqual(sign.status === "needsSignIn" && [sign.why, sign.account?.email], ["reused", "plus@example.com"]);
    const [other, ...more] = otherAccounts ?? [];
    assert.deepEqual([other?.label, other?.plan, other?.needsSignIn, more], ["team@example.com", "team", true, []]);
  });

  it("has the own key masked, and the environment's as a yes or no", async () => {
    const { OPENAI_API_KEY: before } = process.env;
    try {
      process.env.OPENAI_API_KEY = "sk-canary-environment-0123";
      assert.deepEqual(view().ownKey, { status: "absent", inEnvironment: true });
      delete process.env.OPENAI_API_KEY;
      assert.deepEqual(view().ownKey, { status: "absent" });
      await fixture.ownKey.set("sk-canary-own-0123456789abcd", false);
      assert.deepEqual(view().ownKey, { status: "present", masked: "sk-…abcd", checked: false });
    } finally {
      if (before !== undefined) process.env.OPENAI_API_KEY = before;
    }
  });

  it("has the mode, the settings that are not the real service's, and the last failure", async () => {
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    changeSetting("chatgptSignIn.apiBaseUrl", "https://api.openai.com/v1");
    await fixture.run("refresh");
    const { authMode, changedEndpoints, problem, busy } = view();
    assert.deepEqual(
      [authMode, changedEndpoints, problem, busy],
      ["chatgpt", ["issuer"], new Problem("notSignedIn").message, []],
    );
  });

  it("has the running sign-in, and the way through a tunnel only for the browser", async () => {
    await fixture.end();
    const environment = { web: false, remote: true, host: undefined, hostname: "far-7" };
    fixture = await createEditorFixture(issuer, { signIn: { environment } });
    fixture.browser.open = async () => true;
    const run = fixture.run("signIn");
    const attempt = await until(() => view().attempt?.stage === "waitingForBrowser" && view().attempt);
    assert.deepEqual(attempt, { ...fixture.signIn.running, tunnel: "ssh -L 1455:localhost:1455 far-7" });
    await fixture.run({ type: "signInWith", flow: "deviceCode" });
    const other = view().attempt;
    assert.ok(other?.stage === "waitingForDevice" && !("tunnel" in other));
    assert.equal(other.device.userCode, deviceOf(fixture.signIn)?.userCode);
    fixture.signIn.cancel();
    await run;
    await fixture.end();
  });
});
