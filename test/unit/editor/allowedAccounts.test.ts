import assert from "node:assert/strict";
import { createView } from "../../../src/editor/panel/panelView.ts";
import { createTerminals } from "../../../src/editor/terminals/module.ts";
import { Problem } from "../../../src/shared/problem.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { changeSetting, sentences, settle, state, theMessage, until } from "../../support/vscodeStub/stub.ts";
import { createEditorFixture, type EditorFixture, useEditorFixture } from "./editorFixture.ts";

const setting = "chatgptSignIn.allowedWorkspaces";
const plus = "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01";
const derivedKey = { status: "present", key: "sk-derivedForPlus0001", createdAt: 0 };
const notAllowed = new Problem("accountNotAllowed").message;

describe("An account that the settings don't allow", () => {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  useEditorFixture((given, from) => {
    fixture = given;
    issuer = from;
  });
  const shown = () => sentences().filter((sentence) => sentence === notAllowed).length;

  async function forbidden(change: object = { derivedKey }) {
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    const credential = await fixture.signedIn("plus@example.com", change);
    changeSetting(setting, ["another-workspace"]);
    state.messages.length = 0;
    return credential;
  }

  /** Nothing has been asked of the issuer, and the account is what it was. */
  async function isLeftAlone(work: () => Promise<unknown>): Promise<void> {
    const before = fixture.accounts.entry()?.credential;
    const records = issuer.records.length;
    await work();
    await settle();
    assert.equal(issuer.records.length, records);
    assert.deepEqual(fixture.accounts.entry()?.credential, before);
  }

  it("has no credential for requests, whatever was remembered, and has it again when it is allowed", async () => {
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    const { id, tokens } = await fixture.signedIn("plus@example.com", { derivedKey });
    const { source } = fixture;
    const first = await source.get("chatgpt");
    await source.get("apiKey");
    changeSetting(setting, ["another-workspace"]);
    await isLeftAlone(async () => {
      for (const ask of [
        () => source.get("chatgpt"),
        () => source.get("apiKey"),
        () => source.accessToken(),
        () => source.accessToken(id),
        () => source.rejected(first),
        () => source.rejected({ bearer: derivedKey.key }),
      ]) {
        await assert.rejects(ask, { code: "accountNotAllowed" });
      }
    });
    changeSetting(setting, [plus]);
    assert.equal((await source.get("chatgpt")).bearer, tokens.accessToken);
    assert.equal((await source.get("apiKey")).bearer, derivedKey.key);
  });

  it("is not what the own key is: that one is used as before", async () => {
    await forbidden();
    await fixture.ownKey.set("sk-ownKeyOfThePerson1234", true);
    fixture.mode.current = "apiKey";
    assert.equal((await fixture.source.get("apiKey")).bearer, "sk-ownKeyOfThePerson1234");
    await assert.rejects(fixture.source.get("chatgpt"), { code: "accountNotAllowed" });
  });

  for (const [what, value, code] of [
    ["another ChatGPT workspace", ["another-workspace"], "accountNotAllowed"],
    ["no list", plus, "allowedWorkspacesUnusable"],
    ["a list of nothing", [" ", 5], "allowedWorkspacesUnusable"],
  ] as const) {
    it(`that was stored before is told once, with the way out: ${what}`, async () => {
      await fixture.signedIn();
      changeSetting(setting, value);
      changeSetting("chatgptSignIn.statusBar", false);
      await fixture.accounts.update(fixture.accounts.state.active?.id ?? "", (credential) => ({
        ...credential,
        clockOffset: 1,
      }));
      const { kind, modal, text, buttons, choose } = theMessage(/allowedWorkspaces/);
      assert.deepEqual([kind, modal, text], ["warning", false, new Problem(code).message]);
      assert.deepEqual(buttons, code === "accountNotAllowed" ? ["Switch Account", "Open Settings"] : ["Open Settings"]);
      choose("Open Settings");
      await until(() => state.commands.some(({ name }) => name === "workbench.action.openSettings"));
      changeSetting(setting, []);
      changeSetting(setting, value);
      assert.equal(state.messages.filter((message) => message.text === text).length, 2);
    });
  }

  it("is told of when it comes, also from another window, and nothing of it is used", async () => {
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    changeSetting(setting, ["another-workspace"]);
    const other = await createEditorFixture(issuer, { secrets: fixture.secrets, directory: fixture.directory });
    // Its own notification would be shown beside this window's.
    other.dispose();
    await other.signedIn();
    await fixture.accounts.reload();
    assert.equal(fixture.accounts.state.active?.email, "plus@example.com");
    assert.equal(shown(), 1);
    await isLeftAlone(() => assert.rejects(fixture.source.get("chatgpt"), { code: "accountNotAllowed" }));
  });

  it("can be signed out of, and is revoked", async () => {
    const { tokens } = await forbidden();
    await fixture.signOutAccount(fixture.accounts.state.active?.id ?? "");
    assert.deepEqual([fixture.accounts.state.accounts, fixture.revoked], [[], [tokens.refreshToken]]);
  });

  it("without the claim is not allowed while only some are", async () => {
    issuer.setAccount("plus", { authClaims: { chatgpt_account_id: null } });
    try {
      await fixture.signedIn();
      await fixture.source.get("chatgpt");
      changeSetting(setting, [plus]);
      await assert.rejects(fixture.source.get("chatgpt"), { code: "accountNotAllowed" });
      assert.equal(shown(), 1);
    } finally {
      issuer.setAccount("plus", { authClaims: {} });
    }
  });

  it("is not refreshed, gets no key and no credits, and cannot be chosen; the person is told why", async () => {
    fixture.wanted.credits = true;
    const { id } = await forbidden({ derivedKey: { status: "absent", why: "pending" } });
    await isLeftAlone(async () => {
      await fixture.run("refresh");
      await fixture.run("retryDerivedKey");
      await fixture.run({ type: "useAccount", id });
      assert.equal(shown(), 3);
      await assert.rejects(fixture.refresher.refresh(fixture.accounts.entry()?.credential ?? assert.fail()));
      fixture.followUp.resume();
      await fixture.credits.ask(id);
    });
  });

  it("is not used when its refresh has just ended, although it was allowed when that began", async () => {
    issuer.setLifetimes({ accessToken: 1 });
    try {
      await fixture.signedIn("plus@example.com", { receivedAt: 0, derivedKey });
      await until(() => fixture.source.isDue(fixture.accounts.entry() ?? assert.fail()));
      const { refresher } = fixture;
      const refresh = refresher.refresh.bind(refresher);
      refresher.refresh = async (seen) => {
        const entry = await refresh(seen);
        changeSetting(setting, ["another-workspace"]);
        return entry;
      };
      await assert.rejects(fixture.source.accessToken(), { code: "accountNotAllowed" });
      assert.equal(fixture.accounts.entry()?.credential.sequence, 1);
    } finally {
      issuer.setLifetimes({ accessToken: 864_000 });
    }
  });

  /** A sign-in whose token is refreshed; while it is, the setting begins to forbid the account. */
  const forbiddenWithinRefresh = async (work: () => Promise<unknown>) => {
    const { refresher } = fixture;
    const refresh = refresher.refresh.bind(refresher);
    refresher.refresh = async (seen) => {
      const entry = await refresh(seen);
      changeSetting(setting, ["another-workspace"]);
      return entry;
    };
    await work();
    assert.equal(fixture.accounts.entry()?.credential.sequence, 1);
  };

  it("has no credential in place of a refused one when it was forbidden meanwhile", async () => {
    await fixture.signedIn("plus@example.com", { receivedAt: 0 });
    const refused = await fixture.source.accessToken();
    await forbiddenWithinRefresh(() => assert.rejects(fixture.source.rejected(refused), { code: "accountNotAllowed" }));
  });

  it("gets no key when it was forbidden within the refresh before", async () => {
    await fixture.signedIn("plus@example.com", { receivedAt: 0 });
    const before = issuer.recordsOf("tokenExchange").length;
    await forbiddenWithinRefresh(() => fixture.run("refresh"));
    assert.equal(issuer.recordsOf("tokenExchange").length, before);
    assert.equal(shown(), 2, "of the setting, and of what was asked for");
  });

  it("has no credential that may be sent, however long ago it was given out; the own key has", async () => {
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    await fixture.signedIn("plus@example.com", { derivedKey });
    const { source } = fixture;
    const [token, key] = [await source.get("chatgpt"), await source.get("apiKey")];
    for (const credential of [token, key]) source.assertUsable(credential);
    changeSetting(setting, ["another-workspace"]);
    for (const credential of [token, key])
      assert.throws(() => source.assertUsable(credential), { code: "accountNotAllowed" });
    source.assertUsable({ bearer: "sk-own" });
    await fixture.signOutAccount(fixture.accounts.state.active?.id ?? "");
    assert.throws(() => source.assertUsable(token), { code: "accountNotAllowed" });
  });

  it("gives terminals no key, and again when it is allowed", async () => {
    const variables = new Map<string, string>();
    const collection = { replace: variables.set.bind(variables), clear: () => variables.clear() };
    changeSetting("chatgptSignIn.terminalEnvironment", true);
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    await fixture.signedIn("plus@example.com", { derivedKey });
    const terminals = createTerminals({
      context: { environmentVariableCollection: collection } as never,
      memory: { get: () => "allowed", set: async () => {} },
      apiKey: () => fixture.sessions.apiKey,
      changes: [fixture.accounts.onDidChange],
      ...{ notifications: fixture.notifications, log: fixture.log },
    });
    assert.deepEqual([...variables.values()], [derivedKey.key]);
    changeSetting(setting, ["another-workspace"]);
    assert.equal(variables.size, 0);
    changeSetting(setting, [plus]);
    assert.deepEqual([...variables.values()], [derivedKey.key]);
    terminals.dispose();
  });

  it("is shown as such in the panel, also among the other accounts", async () => {
    await fixture.signedIn("team@example.com");
    await forbidden();
    const others = { known: { current: undefined }, consumers: { views: () => [] }, usage: { current: undefined } };
    const view = createView({ ...fixture, ...others } as never);
    assert.deepEqual([view.problem, view.notAllowed], [notAllowed, true]);
    assert.deepEqual(
      view.otherAccounts?.map(({ notAllowed: isNot }) => isNot),
      [true],
    );
    changeSetting(setting, undefined);
    const { problem, otherAccounts } = createView({ ...fixture, ...others } as never);
    assert.deepEqual([problem, otherAccounts?.map(({ notAllowed: isNot }) => isNot)], [undefined, [undefined]]);
  });
});
