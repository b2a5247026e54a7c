import assert from "node:assert/strict";
import { createFixture, day, type Fixture, is, lifetime, minute } from "./fixture.ts";

describe("The one place to ask for a credential", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  const refreshes = () => fixture.issuer.recordsOf("refresh").length;

  it("answers a fresh one from memory: no secret is read, and it takes one microtask", async () => {
    const { source } = await fixture.signedIn();
    const first = await source.get("chatgpt");
    const { reads } = fixture.secrets;
    const order: string[] = [];
    const asked = source.get("chatgpt").then((credential) => {
      order.push("answered");
      return credential;
    });
    void Promise.resolve()
      .then(() => {})
      .then(() => order.push("two microtasks later"));
    assert.equal(await asked, first);
    await Promise.resolve();
    assert.deepEqual(order, ["answered", "two microtasks later"]);
    assert.equal(fixture.secrets.reads, reads);
  });

  describe("of an account that the settings don't allow", () => {
    let allowed: string[];
    const open = () => fixture.signedIn("plus@example.com", { allowedWorkspaces: () => allowed });
    beforeEach(() => {
      allowed = [];
    });

    it("gives none, although it is in memory and nobody has told of the change", async () => {
      const { source, accounts } = await open();
      const derivedKey = { status: "present", key: "sk-derivedForPlus0001", createdAt: 0 } as const;
      await accounts.update(accounts.state.active?.id ?? "", (credential) => ({ ...credential, derivedKey }));
      const kinds = ["chatgpt", "apiKey"] as const;
      for (const kind of kinds) await source.get(kind);
      allowed = ["another-workspace"];
      for (const kind of kinds) await assert.rejects(source.get(kind), is("accountNotAllowed"));
      allowed = [];
      assert.equal((await source.get("apiKey")).bearer, derivedKey.key);
    });

    it("refreshes nothing, and refreshes at once when it is allowed again", async () => {
      const { source } = await open();
      allowed = ["another-workspace"];
      fixture.clock.jump(lifetime + minute);
      for (let times = 0; times < 3; times += 1) await assert.rejects(source.accessToken(), is("accountNotAllowed"));
      assert.equal(refreshes(), 0);
      allowed = [];
      await source.get("chatgpt");
      assert.equal(refreshes(), 1);
    });
  });

  it("does not refresh right after a login, however short the token lives", async () => {
    fixture.issuer.setLifetimes({ accessToken: 120 });
    const { source } = await fixture.signedIn();
    await source.get("chatgpt");
    fixture.clock.jump(59_000);
    await source.get("chatgpt");
    assert.equal(refreshes(), 0);
    fixture.clock.jump(2_000);
    await source.get("chatgpt");
    assert.equal(refreshes(), 1);
  });

  it("does not refresh at each request where a proxy's clock says that each token had expired before it came", async () => {
    const { source, http } = await fixture.signedIn();
    const { send } = http;
    http.send = async (request) => {
      const answer = await send(request);
      return {
        ...answer,
        headers: { ...answer.headers, date: new Date(fixture.clock.now() + 365 * day).toUTCString() },
      };
    };
    fixture.clock.jump(lifetime);
    for (let times = 0; times < 3; times += 1) {
      await source.get("chatgpt");
      fixture.clock.jump(2 * minute);
    }
    assert.equal(refreshes(), 1);
  });

  it("refreshes five minutes before the access token expires, and not before", async () => {
    const { source } = await fixture.signedIn();
    fixture.clock.jump(lifetime - 5 * minute - 3000);
    await source.get("chatgpt");
    assert.equal(refreshes(), 0);
    fixture.clock.jump(6000);
    await source.get("chatgpt");
    assert.equal(refreshes(), 1);
  });

  it("refreshes eight days after the last refresh where the token does not say when it expires", async () => {
    const window = fixture.open();
    const credential = await fixture.credential();
    const tokens = { ...credential.tokens, accessToken: "opaque" };
    await window.accounts.storeSignIn({ ...credential, tokens });
    fixture.clock.jump(8 * day - minute);
    await window.source.get("chatgpt");
    assert.equal(refreshes(), 0);
    fixture.clock.jump(2 * minute);
    await window.source.get("chatgpt");
    assert.equal(refreshes(), 1);
  });

  it("reads again what is stored when the API refuses a token, and takes a newer one", async () => {
    const [one, other] = [await fixture.signedIn(), fixture.open()];
    const refused = await one.source.get("chatgpt");
    await other.accounts.load();
    fixture.clock.jump(5 * minute);
    const entry = other.accounts.entry();
    assert.ok(entry);
    const refreshed = await other.refresher.refresh(entry.credential);
    const next = await one.source.rejected(refused);
    assert.equal(next.bearer, refreshed.credential.tokens.accessToken);
    assert.equal(refreshes(), 1);
  });

  it("refreshes once for all requests whose token the API refused", async () => {
    const { source } = await fixture.signedIn();
    const refused = await source.get("chatgpt");
    fixture.clock.jump(5 * minute);
    const next = await Promise.all(Array.from({ length: 100 }, () => source.rejected(refused)));
    assert.equal(new Set(next.map(({ bearer }) => bearer)).size, 1);
    assert.notEqual(next[0]?.bearer, refused.bearer);
    assert.equal(refreshes(), 1);
  });

  it("does not refresh a token that was refused right after it came", async () => {
    const { source, accounts } = await fixture.signedIn();
    const refused = await source.get("chatgpt");
    await assert.rejects(source.rejected(refused), is("notYetAccepted"));
    assert.equal(refreshes(), 0);
    assert.equal(accounts.state.active?.rejected, undefined);
  });

  it("answers for the account whose token was refused, even if another one is active by now", async () => {
    const { source, accounts } = await fixture.signedIn("plus@example.com");
    const refused = await source.get("chatgpt");
    await accounts.storeSignIn(await fixture.credential("team@example.com"));
    fixture.clock.jump(5 * minute);
    const next = await source.rejected(refused);
    assert.equal(next.account, refused.account);
    assert.equal(next.workspaceId, refused.workspaceId);
  });

  it("uses a token that is still good when its refresh takes long", async () => {
    const { source, accounts } = await fixture.signedIn();
    const old = await source.get("chatgpt");
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 300 });
    fixture.clock.jump(lifetime - 2 * minute);
    const asked = source.get("chatgpt");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await fixture.clock.advance(3_000);
    assert.equal((await asked).bearer, old.bearer);
    while (accounts.entry()?.credential.sequence !== 1) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.notEqual((await source.get("chatgpt")).bearer, old.bearer);
  });

  it("waits longer after each failure, counted once however many were waiting", async () => {
    const { source } = await fixture.signedIn();
    fixture.issuer.faults.set("token", { kind: "serverError" });
    fixture.clock.jump(11 * day);
    const tries = () => fixture.issuer.recordsOf("fault").length;
    const burst = () => Promise.allSettled(Array.from({ length: 1_000 }, () => source.get("chatgpt")));
    for (const [index, wait] of [5_000, 15_000, 60_000, 300_000, 300_000].entries()) {
      await burst();
      assert.equal(tries(), index + 1);
      fixture.clock.jump(wait - 1);
      await burst();
      assert.equal(tries(), index + 1, `${wait} ms have not passed`);
      fixture.clock.jump(1);
    }
    fixture.issuer.faults.clear();
    await source.get("chatgpt");
  });

  it("gives an API key by the auth mode, and the other one as soon as the mode is switched", async () => {
    const { source, ownKey, mode, accounts } = await fixture.signedIn();
    await accounts.update(accounts.state.active?.id ?? "", (credential) => ({
      ...credential,
      derivedKey: { status: "present", key: "sk-derived-key", createdAt: 1 },
    }));
    await ownKey.set("sk-own-key-0001", true);
    assert.equal((await source.get("apiKey")).bearer, "sk-derived-key");
    mode.current = "apiKey";
    source.forget();
    assert.equal((await source.get("apiKey")).bearer, "sk-own-key-0001");
    await ownKey.set("sk-own-key-0002", true);
    assert.equal((await source.get("apiKey")).bearer, "sk-own-key-0002");
    await ownKey.remove();
    await assert.rejects(source.get("apiKey"), is("noApiKey"));
  });

  it("reads an own key again that read as missing at the start", async () => {
    await fixture.open().ownKey.set("sk-own-key-0001", true);
    // The second event of the change has come.
    await new Promise((resolve) => setTimeout(resolve));
    const { source, ownKey, mode } = fixture.open();
    mode.current = "apiKey";
    fixture.secrets.settle();
    fixture.secrets.script("get", "ownKey", "nothing", "nothing", "nothing");
    await ownKey.load();
    assert.equal(ownKey.current, undefined);
    assert.equal((await source.get("apiKey")).bearer, "sk-own-key-0001");
  });

  it("gives nothing of a mode that was left while it was asked", async () => {
    const { source, ownKey, mode } = await fixture.signedIn();
    await ownKey.set("sk-own-key-0001", true);
    mode.current = "apiKey";
    const asked = source.get("apiKey");
    mode.current = "chatgpt";
    source.forget();
    await asked.catch(() => {});
    await assert.rejects(source.get("apiKey"), is("noApiKey"));
  });

  it("takes an API key that was set elsewhere when the API refuses one, and fails when there is none", async () => {
    const [one, other] = [fixture.open(), fixture.open()];
    one.mode.current = "apiKey";
    await one.ownKey.set("sk-own-key-0001", true);
    const refused = await one.source.get("apiKey");
    await assert.rejects(one.source.rejected(refused), is("keyRejected"));
    await other.ownKey.set("sk-own-key-0002", true);
    assert.equal((await one.source.rejected(refused)).bearer, "sk-own-key-0002");
  });

  it("has nothing for somebody who is signed out, at once", async () => {
    const { source, accounts, signOutAccount } = await fixture.signedIn();
    await source.get("chatgpt");
    await signOutAccount(accounts.state.active?.id ?? "");
    await assert.rejects(source.get("chatgpt"), is("notSignedIn"));
  });

  it("has the other account's token as soon as it is switched to", async () => {
    const { source, accounts } = await fixture.signedIn("plus@example.com");
    const first = accounts.state.active?.id ?? "";
    const plus = await source.get("chatgpt");
    await accounts.storeSignIn(await fixture.credential("team@example.com"));
    assert.notEqual((await source.get("chatgpt")).bearer, plus.bearer);
    await accounts.setActive(first);
    assert.equal((await source.get("chatgpt")).bearer, plus.bearer);
  });

  it("has the other account's token even if the first one's is still being refreshed", async () => {
    const { source, accounts } = await fixture.signedIn("plus@example.com");
    fixture.clock.jump(lifetime + minute);
    await accounts.storeSignIn(await fixture.credential("team@example.com"));
    const team = accounts.state.active?.id;
    await accounts.setActive(accounts.state.accounts.find(({ id }) => id !== team)?.id ?? "");
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 300, times: 1 });
    const first = source.get("chatgpt");
    await fixture.issuer.waitForRecord("fault");
    await accounts.setActive(team ?? "");
    assert.equal((await source.get("chatgpt")).account, team);
    assert.notEqual((await first).account, team);
    assert.equal((await source.get("chatgpt")).account, team);
  });

  it("leaves no timer behind", async () => {
    const { source } = await fixture.signedIn();
    fixture.clock.jump(lifetime - 2 * minute);
    await source.get("chatgpt");
    assert.equal(fixture.clock.pending, 0);
  });
});
