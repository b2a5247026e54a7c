import assert from "node:assert/strict";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { eventually } from "../../support/timing.ts";
import { credentialOf, emailsOf } from "./fixture.ts";
import { createMisreadFixture, type MisreadFixture } from "./misreadFixture.ts";

describe("An index that is read wrongly", () => {
  let fixture: MisreadFixture;
  let window: AccountFixture;
  let plus: string;
  let team: string;
  beforeEach(async () => {
    fixture = await createMisreadFixture();
    ({ window, plus, team } = fixture);
  });
  afterEach(() => fixture.dispose());

  const both = ["plus@example.com", "team@example.com"];

  const indexes: Record<string, () => string> = {
    "reads as missing": () => "nothing",
    "reads as an older value": () => "older",
    "is corrupt": () => "{",
    "is a newer version's": () => '{"version":2}',
    "is an older one that names only the first account": () =>
      JSON.stringify({ version: 1, ids: [team], active: team }),
    "is an older one with nobody": () => JSON.stringify({ version: 1, ids: [] }),
    "is an older one of the same kind": () => JSON.stringify({ version: 1, ids: [], generation: 1, removed: [] }),
  };

  for (const [name, how] of Object.entries(indexes)) {
    describe(`that ${name}`, () => {
      beforeEach(() => fixture.misread("accounts", how()));

      it("takes no account away from a window that reads it again", async () => {
        await window.accounts.reload();
        await window.accounts.reread(plus);
        await window.accounts.reread(team);
        assert.deepEqual(emailsOf(window), both);
        assert.equal(window.accounts.state.active?.id, plus, "and the active account stays the same");
        assert.equal(fixture.hint.get(), true);
        assert.ok(fixture.secrets.values.has(`credential.${plus}`) && fixture.secrets.values.has(`credential.${team}`));
      });

      for (const action of ["setActive", "remove", "put"] as const) {
        it(`drops no account when ${action} writes it`, async () => {
          const owner = await fixture.credential("owner@example.com");
          if (action === "setActive") await window.accounts.setActive(team);
          else if (action === "remove") await window.signOutAccount(plus);
          else await window.accounts.storeSignIn(owner);
          fixture.secrets.settle();
          const expected = {
            setActive: both,
            remove: ["team@example.com"],
            put: ["owner@example.com", ...both],
          }[action];
          assert.deepEqual(emailsOf(window), expected);
          assert.deepEqual(emailsOf(await fixture.openLoaded()), expected);
          assert.equal(
            (await fixture.openLoaded()).accounts.state.active?.id,
            { setActive: team, remove: team, put: owner.id }[action],
          );
        });
      }

      it("deletes and revokes nothing after a refresh", async () => {
        const { credential } = await window.refresher.refresh(credentialOf(window, plus));
        await window.refresher.settle();
        await window.accounts.reload();
        assert.equal(credentialOf(window, plus).sequence, 1);
        assert.equal(fixture.revocations(), 0);
        assert.deepEqual(JSON.parse(fixture.secrets.values.get(`credential.${plus}`) ?? ""), credential);
      });
    });
  }

  it("costs a window that starts nothing when the second read is right", async () => {
    for (const key of ["accounts", `credential.${plus}`, `credential.${team}`])
      fixture.secrets.script("get", key, "nothing");
    const late = await fixture.openLoaded();
    assert.deepEqual(emailsOf(late), both);
    assert.equal(late.accounts.state.notice, undefined);
  });

  it("costs a window that starts nothing when it is gone: there is its copy", async () => {
    fixture.secrets.values.delete("accounts");
    const late = await fixture.openLoaded();
    assert.deepEqual(emailsOf(late), both);
    await late.accounts.storeSignIn(await fixture.credential("owner@example.com"));
    assert.equal(emailsOf(await fixture.openLoaded()).length, 3);
  });

  it("is read again by the next request when it could not be read at the start", async () => {
    for (const key of ["accounts", "accounts.copy"])
      fixture.secrets.script("get", key, "nothing", "nothing", "nothing");
    const late = await fixture.openLoaded();
    assert.equal(late.accounts.state.active, undefined);
    assert.equal((await late.source.get("chatgpt")).account, plus);
    assert.equal(late.accounts.state.notice, undefined);
  });

  it("brings everybody back when the secrets can be read again, and the hint, too", async () => {
    const kept = [...fixture.secrets.values];
    fixture.secrets.values.clear();
    const late = await fixture.openLoaded();
    assert.equal(late.accounts.state.notice, "notKept");
    for (const [key, value] of kept) fixture.secrets.values.set(key, value);
    await late.accounts.reload();
    assert.deepEqual(emailsOf(late), both);
    assert.equal(late.accounts.state.notice, undefined);
    assert.equal(fixture.hint.get(), true);
  });

  it("loses no account when two windows store one at the same moment", async () => {
    const other = await fixture.openLoaded();
    const [owner, free] = [await fixture.credential("owner@example.com"), await fixture.credential("free@example.com")];
    await Promise.all([window.accounts.storeSignIn(owner), other.accounts.storeSignIn(free)]);
    assert.equal(emailsOf(await fixture.openLoaded()).length, 4);
  });

  it("is completed by a window that knows of an account which another has dropped by mistake", async () => {
    const other = await fixture.openLoaded();
    const owner = await fixture.credential("owner@example.com");
    await window.accounts.storeSignIn(owner);
    await other.accounts.storeSignIn(await fixture.credential("free@example.com"));
    for (const key of ["accounts", "accounts.copy"]) {
      const index = JSON.parse(fixture.secrets.values.get(key) ?? "");
      index.ids = index.ids.filter((id: string) => id !== owner.id);
      index.signedIn = index.signedIn.filter(({ id }: { id: string }) => id !== owner.id);
      fixture.secrets.values.set(key, JSON.stringify(index));
    }
    assert.ok(
      !emailsOf(await fixture.openLoaded()).includes("owner@example.com"),
      "a window that starts cannot know of it",
    );
    await window.accounts.reload();
    assert.equal(emailsOf(window).length, 4);
    await eventually(async () => assert.equal(emailsOf(await fixture.openLoaded()).length, 4));
    const stored = fixture.secrets.values.get("accounts");
    await other.accounts.reload();
    await window.accounts.reload();
    await window.accounts.end(owner.id);
    await other.accounts.reload();
    assert.equal(emailsOf(other).length, 3);
    assert.equal(
      JSON.parse(fixture.secrets.values.get("accounts") ?? "").generation,
      JSON.parse(stored ?? "").generation + 1,
    );
  });
});
