import assert from "node:assert/strict";
import { SecretStore } from "../../../src/account/secretStore.ts";
import { always, createFixture, emailsOf, type Fixture } from "./fixture.ts";

describe("A sign-in in a window that could not read the index", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture({ reliable: true });
  });
  afterEach(() => fixture.dispose());

  const emails = async () => emailsOf(await fixture.openLoaded());
  /** From now on the keyring does not find the index and its copy. */
  const hideIndex = () => {
    for (const key of ["accounts", "accounts.copy"]) fixture.secrets.script("get", key, ...always("nothing" as const));
  };
  const before: Record<string, readonly string[]> = {
    "one account": ["plus@example.com"],
    "two accounts": ["plus@example.com", "team@example.com"],
  };

  for (const [name, signedIn] of Object.entries(before)) {
    for (const unreadable of [["accounts"], ["accounts", "accounts.copy"]]) {
      it(`(${unreadable.join(" and ")}) costs ${name} nothing`, async () => {
        for (const email of signedIn) await fixture.signedIn(email);
        for (const key of unreadable) fixture.secrets.script("get", key, ...always("nothing" as const));
        const late = await fixture.signedIn("owner@example.com");
        assert.equal(late.accounts.state.active?.email, "owner@example.com");
        await late.accounts.update(late.accounts.state.active.id, (credential) => ({
          ...credential,
          creditsAskedAt: 1,
        }));
        fixture.secrets.settle();
        const all = ["owner@example.com", ...signedIn];
        assert.deepEqual(await emails(), all);
        await late.accounts.reload();
        assert.deepEqual(emailsOf(late), all);
        assert.equal(late.accounts.state.notice, undefined);
        await late.accounts.setActive(late.accounts.state.active.id);
        fixture.secrets.values.delete("accounts");
        assert.deepEqual(await emails(), all, "and by now the copy has them all");
      });
    }
  }

  it("costs nothing when it is followed by another one, and by a sign-out", async () => {
    await fixture.signedIn("plus@example.com");
    hideIndex();
    const late = await fixture.signedIn("owner@example.com");
    const owner = late.accounts.state.active?.id ?? "";
    await late.accounts.storeSignIn(await fixture.credential("team@example.com"));
    await late.signOutAccount(owner);
    fixture.secrets.settle();
    assert.deepEqual(await emails(), ["plus@example.com", "team@example.com"]);
  });

  it("costs nothing when the window was reloaded before it", async () => {
    await fixture.signedIn("plus@example.com");
    hideIndex();
    const first = await fixture.openLoaded();
    assert.equal(first.accounts.state.notice, "notKept");
    const late = await fixture.openLoaded();
    assert.equal(late.accounts.state.notice, undefined, "it is shown once");
    await late.accounts.storeSignIn(await fixture.credential("owner@example.com"));
    fixture.secrets.settle();
    assert.deepEqual(await emails(), ["owner@example.com", "plus@example.com"]);
  });

  it("costs nothing when it is followed by a sign-out, and by a sign-in in another window", async () => {
    await fixture.signedIn("plus@example.com");
    hideIndex();
    const late = await fixture.signedIn("owner@example.com");
    await late.signOutAccount(late.accounts.state.active?.id ?? "");
    await fixture.signedIn("team@example.com");
    fixture.secrets.settle();
    assert.deepEqual(await emails(), ["plus@example.com", "team@example.com"]);
  });

  for (const start of ["nobody was", "somebody was", "nobody was any more"]) {
    it(`costs nothing in a window that started when ${start} signed in, and has not heard of others`, async () => {
      if (start !== "nobody was") {
        const { accounts, signOutAccount } = await fixture.signedIn("team@example.com");
        if (start !== "somebody was") await signOutAccount(accounts.state.active?.id ?? "");
      }
      const late = await fixture.openLoaded();
      await fixture.signedIn("plus@example.com");
      hideIndex();
      await late.accounts.storeSignIn(await fixture.credential("owner@example.com"));
      fixture.secrets.settle();
      const both = ["owner@example.com", "plus@example.com"];
      assert.deepEqual(await emails(), start === "somebody was" ? [...both, "team@example.com"] : both);
    });
  }

  it("is seen by the other windows, which get an event for what it writes", async () => {
    const window = await fixture.signedIn("plus@example.com");
    const late = fixture.open();
    for (const key of ["accounts", "accounts.copy"])
      fixture.secrets.script("get", key, "nothing", "nothing", "nothing");
    await late.accounts.load();
    await late.accounts.storeSignIn(await fixture.credential("owner@example.com"));
    let heard = 0;
    new SecretStore(fixture.secrets).onDidChange(() => {
      heard += 1;
    });
    hideIndex();
    await late.accounts.setActive(late.accounts.state.active?.id ?? "");
    assert.ok(heard > 0);
    fixture.secrets.settle();
    await window.accounts.reload();
    assert.equal(window.accounts.state.active?.email, "owner@example.com");
  });

  it("costs nothing of what the first version has stored", async () => {
    const window = await fixture.signedIn("plus@example.com");
    await window.accounts.storeSignIn(await fixture.credential("team@example.com"));
    const ids = window.accounts.state.accounts.map(({ id }) => id);
    fixture.secrets.values.set("accounts", JSON.stringify({ version: 1, ids, active: ids[0] }));
    fixture.secrets.values.delete("accounts.copy");
    fixture.secrets.script("get", "accounts", ...always("nothing" as const));
    await fixture.signedIn("owner@example.com");
    fixture.secrets.settle();
    assert.deepEqual(await emails(), ["owner@example.com", "plus@example.com", "team@example.com"]);
  });

  it("is not needed for the copy: switching between accounts that the first version has stored writes it", async () => {
    const ids = [];
    for (const email of ["plus@example.com", "team@example.com"]) {
      const credential = await fixture.credential(email);
      ids.push(credential.id);
      fixture.secrets.values.set(`credential.${credential.id}`, JSON.stringify(credential));
    }
    fixture.secrets.values.set("accounts", JSON.stringify({ version: 1, ids, active: ids[0] }));
    const { accounts } = await fixture.openLoaded();
    await accounts.setActive(ids[1] ?? "");
    fixture.secrets.values.delete("accounts");
    assert.deepEqual(await emails(), ["plus@example.com", "team@example.com"]);
  });

  it("keeps a copy aside that only a newer version can read", async () => {
    await fixture.signedIn("plus@example.com");
    fixture.secrets.values.delete("accounts");
    fixture.secrets.values.set("accounts.copy", '{"version":2}');
    await fixture.signedIn("owner@example.com");
    assert.equal(fixture.secrets.values.get("setAside.accounts.copy"), '{"version":2}');
    assert.deepEqual(await emails(), ["owner@example.com"]);
  });

  it("works where the earlier one is truly gone", async () => {
    await fixture.signedIn("plus@example.com");
    fixture.secrets.values.clear();
    await fixture.signedIn("owner@example.com");
    assert.deepEqual(await emails(), ["owner@example.com"]);
    const window = await fixture.signedIn("team@example.com");
    assert.deepEqual(await emails(), ["owner@example.com", "team@example.com"]);
    assert.equal(fixture.secrets.values.has("accounts"), false, "which may only read as missing");
    assert.equal(window.accounts.state.notice, undefined);
  });

  it("does not hide whom the first version has signed in since the copy was written", async () => {
    const window = await fixture.signedIn("plus@example.com");
    await window.accounts.storeSignIn(await fixture.credential("team@example.com"));
    const ids = window.accounts.state.accounts.map(({ id }) => id);
    const owner = await fixture.credential("owner@example.com");
    fixture.secrets.values.set(`credential.${owner.id}`, JSON.stringify(owner));
    fixture.secrets.values.set("accounts", JSON.stringify({ version: 1, ids: [...ids, owner.id], active: owner.id }));
    assert.deepEqual(await emails(), ["owner@example.com", "plus@example.com", "team@example.com"]);
  });
});
