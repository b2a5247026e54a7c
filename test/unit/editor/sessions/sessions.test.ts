import assert from "node:assert/strict";
import { scopesOf, sessionOf } from "../../../../src/editor/sessions/sessionScopes.ts";
import type { Sessions } from "../../../../src/editor/sessions/sessions.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import { labels, type SessionFixture, tokens, useSessionFixture } from "./sessionFixture.ts";

const { apiKey, chatgpt, identity } = scopesOf;

describe("Sessions for other extensions", () => {
  let issuer: TestIssuer;
  let fixture: SessionFixture;
  let sessions: Sessions;
  useSessionFixture((given, from) => {
    fixture = given;
    issuer = from;
  });
  afterEach(() => sessions?.dispose());

  describe("of one account", () => {
    let id: string;
    beforeEach(async () => {
      id = await fixture.signInAs("plus@example.com");
      await fixture.setDerivedKey(id, "sk-derivedForPlus0001");
      sessions = fixture.open();
      fixture.changes.length = 0;
    });

    it("hold what the scopes ask for and nothing else", async () => {
      assert.deepEqual(tokens(await sessions.get(chatgpt)), [fixture.tokenOf(id)]);
      assert.deepEqual(tokens(await sessions.get(apiKey)), ["sk-derivedForPlus0001"]);
      for (const none of [undefined, identity]) assert.deepEqual(tokens(await sessions.get(none)), [""]);
      for (const unknown of [["openid"], ["chatgpt", "openai.api-key"], ["ChatGPT"], ["*"], [""], ["toString"]]) {
        assert.deepEqual(await sessions.get(unknown), [], JSON.stringify(unknown));
      }
    });

    it("name the account, its plan and its ChatGPT workspace", async () => {
      const [session] = await sessions.get(chatgpt);
      assert.deepEqual(session?.account, {
        id,
        label: "plus@example.com",
        plan: "plus",
        chatgptAccountId: "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01",
      });
      assert.deepEqual(session?.scopes, ["chatgpt"]);
    });

    it("tell no more than id and label to VS Code, which tells every extension without asking the person", async () => {
      const menu = { id, label: "plus@example.com" };
      for (const [asked, more] of [
        [undefined, {}],
        [identity, { plan: "plus", chatgptAccountId: "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01" }],
      ] as const) {
        const [session] = await sessions.get(asked);
        assert.deepEqual([session?.account, session?.id], [{ ...menu, ...more }, id]);
      }
      await fixture.accounts.update(id, (credential) => ({ ...credential, rejected: "revoked" }));
      await fixture.accounts.update(id, ({ rejected: _rejected, ...credential }) => credential);
      const told = fixture.changes.flatMap(({ changed, added }) => [...(changed ?? []), ...(added ?? [])]);
      const inMenu = told.filter(({ scopes }) => scopes.length === 0).map(({ account }) => account);
      assert.ok(inMenu.length > 0);
      for (const account of inMenu) assert.deepEqual(account, menu);
    });

    it("are none of an account that may not be used, which stays in the Accounts menu", async () => {
      const ids = () => fixture.changes.at(-1);
      fixture.allow("another-workspace");
      assert.deepEqual([await sessions.get(chatgpt), await sessions.get(apiKey), sessions.apiKey], [[], [], undefined]);
      assert.deepEqual(labels(await sessions.get(undefined)), ["plus@example.com"]);
      assert.deepEqual(await sessions.get(identity), []);
      await assert.rejects(sessions.create(identity, id), { code: "accountNotAllowed" });
      assert.deepEqual(
        ids()
          ?.removed?.map(({ scopes }) => scopes)
          .sort(),
        [["chatgpt"], ["openai.api-key"]],
      );
      assert.equal(fixture.accounts.state.accounts.length, 1);
      fixture.allow("another-workspace", "5F0C1A34-8B7E-4C52-9D0A-1F6E2B3C4D01");
      assert.deepEqual(tokens(await sessions.get(chatgpt)), [fixture.tokenOf(id)]);
      assert.equal(sessions.apiKey, "sk-derivedForPlus0001");
      assert.deepEqual(
        ids()
          ?.added?.map(({ scopes }) => scopes)
          .sort(),
        [["chatgpt"], ["openai.api-key"]],
      );
    });

    it("of an account that may not be used are not made, nor is its key offered", async () => {
      fixture.allow("another-workspace");
      await assert.rejects(sessions.create(chatgpt, id), { code: "accountNotAllowed" });
      fixture.setMode("apiKey");
      fixture.person.keyChoice = "useAccount";
      fixture.person.signsIn = false;
      await assert.rejects(sessions.create(apiKey, id), { code: "cancelled" });
      assert.deepEqual(fixture.person.offered, [undefined]);
      assert.equal(fixture.mode.current, "apiKey");
    });

    it("are had by the account's id, and not by another's", async () => {
      assert.equal((await sessions.get(chatgpt, id)).length, 1);
      assert.deepEqual(await sessions.get(chatgpt, "0123456789abcdef"), []);
      assert.deepEqual(await sessions.get(undefined, "0123456789abcdef"), []);
    });

    it("come without a request, a thousand times", async () => {
      const before = issuer.records.length;
      for (let count = 0; count < 1_000; count += 1) {
        await sessions.get(([undefined, chatgpt, apiKey, identity] as const)[count % 4]);
      }
      assert.equal(issuer.records.length, before);
    });

    it("have none for the API key while the mode is the own key's and none is set", async () => {
      fixture.setMode("apiKey");
      assert.deepEqual(await sessions.get(apiKey), []);
      assert.equal((await sessions.get(chatgpt)).length, 1);
    });

    it("have none of a token that the issuer no longer refreshes, but stay in the Accounts menu", async () => {
      await fixture.accounts.update(id, (credential) => ({ ...credential, rejected: "revoked" }));
      assert.deepEqual(await sessions.get(chatgpt), []);
      assert.equal((await sessions.get(undefined)).length, 1);
      assert.deepEqual(
        fixture.changes.at(-1)?.removed?.map(({ scopes }) => scopes),
        [["chatgpt"]],
      );
    });

    it("keep their ids when the token changes, and tell of it", async () => {
      const [before] = await sessions.get(chatgpt);
      const entry = fixture.accounts.entry(id) ?? assert.fail("no account");
      await fixture.refresher.refresh(entry.credential);
      const [after] = await sessions.get(chatgpt);
      assert.equal(after?.id, before?.id);
      assert.notEqual(after?.accessToken, before?.accessToken);
      assert.equal(fixture.changes.length, 1);
      assert.deepEqual(
        fixture.changes[0]?.changed?.map(({ accessToken }) => accessToken),
        [after?.accessToken],
      );
      assert.deepEqual([fixture.changes[0]?.added, fixture.changes[0]?.removed], [[], []]);
    });

    it("go with the mode, and the Accounts menu keeps the account", async () => {
      fixture.setMode("apiKey");
      const [change] = fixture.changes;
      assert.deepEqual(
        change?.removed?.map(({ scopes }) => scopes),
        [["openai.api-key"]],
      );
      // The menu drops the account of a session that was removed, unless another of its sessions changed.
      assert.deepEqual(labels(change?.changed ?? []), ["plus@example.com"]);
      fixture.setMode("chatgpt");
      assert.deepEqual(
        fixture.changes[1]?.added?.map(({ scopes }) => scopes),
        [["openai.api-key"]],
      );
      fixture.setMode("chatgpt");
      assert.equal(fixture.changes.length, 2);
    });

    it("end with the account, whichever of them is removed", async () => {
      const [session] = await sessions.get(apiKey);
      await sessions.remove(session?.id ?? "");
      assert.equal(fixture.accounts.state.accounts.length, 0);
      assert.equal(fixture.changes.length, 1);
      assert.equal(fixture.changes[0]?.removed?.length, 3);
      assert.deepEqual(fixture.changes[0]?.changed, []);
      await sessions.remove(session?.id ?? "");
      assert.equal(fixture.changes.length, 1);
    });

    it("are told to the Accounts menu of a new window only where memory was wrong", async () => {
      sessions.dispose();
      fixture.open().dispose();
      assert.equal(fixture.changes.length, 0);
      await fixture.signOutAccount(id);
      fixture.open().dispose();
      assert.deepEqual(labels(fixture.changes[0]?.removed ?? []), ["plus@example.com"]);
    });

    it("leave no secret in what is remembered", async () => {
      await fixture.ownKey.set("sk-typedByThePerson1234", true);
      const text = JSON.stringify([...fixture.memento.values]);
      assert.match(text, /plus@example\.com/);
      assert.doesNotMatch(text, /sk-/);
      for (const { kind, value } of issuer.secrets()) assert.ok(!text.includes(value), kind);
    });
  });

  describe("of several accounts", () => {
    let plus: string;
    let team: string;
    beforeEach(async () => {
      plus = await fixture.signInAs("plus@example.com");
      team = await fixture.signInAs("team@example.com");
      sessions = fixture.open();
      fixture.changes.length = 0;
    });

    it("list the active one first, whichever that is", async () => {
      assert.deepEqual(labels(await sessions.get(chatgpt)), ["team@example.com", "plus@example.com"]);
      await fixture.accounts.setActive(plus);
      assert.deepEqual(labels(await sessions.get(chatgpt)), ["plus@example.com", "team@example.com"]);
    });

    it("of a chosen account stay the same when another becomes active", async () => {
      const before = await sessions.get(chatgpt, team);
      await fixture.accounts.setActive(plus);
      assert.deepEqual(await sessions.get(chatgpt, team), before);
      assert.deepEqual(fixture.changes, []);
    });

    it("of one end without the others", async () => {
      await sessions.remove(team);
      assert.deepEqual(labels(await sessions.get(undefined)), ["plus@example.com"]);
      assert.deepEqual(labels(fixture.changes[0]?.removed ?? []), ["team@example.com", "team@example.com"]);
      assert.deepEqual(tokens(await sessions.get(chatgpt)), [fixture.tokenOf(plus)]);
    });

    it("of one email in two ChatGPT workspaces have different names, which last", async () => {
      issuer.setAccount("plus", { chatgptAccountId: "another-workspace-12345678" });
      try {
        const other = await fixture.signInAs("plus@example.com");
        const all = () => sessions.get(undefined);
        const second = "plus@example.com (ChatGPT workspace 12345678)";
        assert.deepEqual(labels(await all()).sort(), ["plus@example.com", second, "team@example.com"]);
        await sessions.remove(plus);
        assert.deepEqual(labels(await sessions.get(undefined, other)), [second]);
        sessions.dispose();
        sessions = fixture.open();
        assert.deepEqual(labels(await sessions.get(undefined, other)), [second]);
        // Nor is the first one's name free when all are gone: VS Code still has what was allowed for it.
        await sessions.remove(other);
        await sessions.remove(team);
        sessions.dispose();
        sessions = fixture.open();
        await fixture.signInAs("plus@example.com");
        assert.deepEqual(labels(await all()), [second]);
      } finally {
        issuer.setAccount("plus", { chatgptAccountId: "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01" });
      }
    });
  });

  it("have ids that tell accounts and scopes apart", () => {
    const account = { id: "a", label: "a" };
    const ids = (["identity", "apiKey", "chatgpt"] as const).map((wanted) => sessionOf(account, wanted, "x").id);
    assert.equal(new Set(ids).size, 3);
  });
});
