import assert from "node:assert/strict";
import { accountBinding, endpointDefaults } from "../../../src/account/endpoints.ts";
import { KnownAccounts } from "../../../src/editor/knownAccounts.ts";
import { createView } from "../../../src/editor/panelView.ts";
import type { UsageView } from "../../../src/editor/usageView.ts";
import { viewSchema } from "../../../src/panelProtocol.ts";
import { Problem } from "../../../src/platform/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { changeSetting, resetVscode, until } from "../../support/vscodeStub/stub.ts";
import { createEditorBed, type EditorBed } from "./editorBed.ts";
import { MemoryMemento } from "./sessionBed.ts";

describe("The panel's view", () => {
  let issuer: TestIssuer;
  let bed: EditorBed;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());
  beforeEach(async () => {
    resetVscode();
    bed = await createEditorBed(issuer);
  });
  afterEach(() => bed.end());

  /** The view, which fits the protocol and holds no secret. */
  function view(tunnel?: string) {
    const made = createView({
      ...{
        accounts: bed.accounts,
        ownKey: bed.ownKey,
        signIn: bed.signIn,
        actions: bed.actions,
        review: bed.review,
        tunnel,
      },
      known: new KnownAccounts(new MemoryMemento()),
      usage: { current: undefined } as UsageView,
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

  it("says when a credential is held back because the settings name other addresses", async () => {
    await bed.signedIn();
    await bed.endpoints.grant(accountBinding(issuer.issuer), [
      endpointDefaults.apiBaseUrl,
      endpointDefaults.chatgptBaseUrl,
    ]);
    assert.equal(view().endpointsHeldBack, undefined);
    changeSetting("chatgptSignIn.chatgptBaseUrl", "https://gateway.example/backend-api");
    assert.equal(view().endpointsHeldBack, true);
  });

  it("has what is known of the account: email, plan, ChatGPT workspace, expiry, and its key masked", async () => {
    const derivedKey = { status: "present", key: "sk-canary-derived-0123456wxyz", createdAt: 5 };
    const { receivedAt } = await bed.signedIn("plus@example.com", { derivedKey, lastRefreshAt: 7 });
    const { sign } = view();
    assert.ok(sign.status === "signedIn");
    const { accessTokenExpiresAt = 0, ...account } = sign.account;
    assert.deepEqual(account, {
      origin: "own",
      email: "plus@example.com",
      plan: "plus",
      accountId: "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01",
      lastRefreshAt: 7,
      needsPlatformSetup: false,
      derivedKey: { status: "present", masked: "sk-…wxyz", createdAt: 5 },
    });
    assert.ok(Math.abs(accessTokenExpiresAt - receivedAt - 10 * 24 * 60 * 60_000) < 60_000);
  });

  it("has why a sign-in is needed, and the others beside it", async () => {
    await bed.signedIn("team@example.com", { rejected: "expired" });
    await bed.signedIn("plus@example.com", { rejected: "reused" });
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
      await bed.ownKey.set("sk-canary-own-0123456789abcd", false);
      assert.deepEqual(view().ownKey, { status: "present", masked: "sk-…abcd", checked: false });
    } finally {
      if (before !== undefined) process.env.OPENAI_API_KEY = before;
    }
  });

  it("has the mode, the settings that are not the real service's, and the last failure", async () => {
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    changeSetting("chatgptSignIn.apiBaseUrl", "https://api.openai.com/v1");
    await bed.actions.refresh();
    const { authMode, changedEndpoints, problem, busy } = view();
    assert.deepEqual(
      [authMode, changedEndpoints, problem, busy],
      ["chatgpt", ["issuer"], new Problem("notSignedIn").message, undefined],
    );
  });

  it("has the running sign-in, and the way through a tunnel only for the browser", async () => {
    bed.browser.open = async () => true;
    const run = bed.actions.signIn();
    await until(() => bed.signIn.running?.stage === "waitingForBrowser");
    const { attempt } = view("ssh -L 1455:localhost:1455 HOST");
    assert.deepEqual(
      [attempt?.stage, attempt?.flow, attempt?.hasLink, attempt?.tunnel],
      ["waitingForBrowser", "browser", true, "ssh -L 1455:localhost:1455 HOST"],
    );
    await bed.actions.signInWith("deviceCode");
    const other = view("ssh").attempt;
    assert.deepEqual([other?.flow, other?.tunnel], ["deviceCode", undefined]);
    assert.equal(other?.device?.userCode, bed.signIn.running?.device?.userCode);
    bed.signIn.cancel();
    await run;
  });
});
