import assert from "node:assert/strict";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { always, credentialOf, day, emailsOf, is } from "./fixture.ts";
import { createMisreadFixture, type MisreadFixture } from "./misreadFixture.ts";

describe("A record that is read wrongly", () => {
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

  const records: Record<string, () => string> = {
    "reads as missing": () => "nothing",
    "reads as an older value": () => "older",
    "is corrupt": () => '{"version":1',
    "is a newer version's": () => '{"version":2}',
    "is another account's": () => fixture.secrets.values.get(`credential.${team}`) ?? "",
  };

  for (const [name, how] of Object.entries(records)) {
    describe(`that ${name}`, () => {
      beforeEach(async () => {
        // Refreshed, and then changed without a refresh: both leave an older value behind.
        await window.refresher.refresh(credentialOf(window, plus));
        await window.refresher.settle();
        await window.accounts.update(plus, (credential) => ({ ...credential, creditsAskedAt: 7 }));
        fixture.misread(`credential.${plus}`, how());
      });

      it("stays as it is known, and no event fires", async () => {
        const before = window.accounts.state;
        const known = credentialOf(window, plus);
        let told = 0;
        window.accounts.onDidChange(() => {
          told += 1;
        });
        await window.accounts.reload();
        assert.deepEqual((await window.accounts.reread(plus))?.credential, known);
        assert.equal(window.accounts.state, before);
        assert.equal(told, 0);
        assert.equal(fixture.hint.get(), true);
      });

      it("is changed on the basis of what is known", async () => {
        await window.accounts.update(plus, (credential) => ({
          ...credential,
          derivedKey: { status: "present", key: "sk-derived-0001", createdAt: 1 },
        }));
        fixture.secrets.settle();
        const stored = credentialOf(await fixture.openLoaded(), plus);
        assert.deepEqual([stored.sequence, stored.creditsAskedAt], [1, 7]);
      });

      it("is refreshed with the newest refresh token, and nobody is signed out", async () => {
        fixture.clock.jump(11 * day);
        await window.source.get("chatgpt");
        assert.equal(credentialOf(window, plus).sequence, 2);
        assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
        assert.equal(window.accounts.state.active?.rejected, undefined);
        assert.equal(fixture.revocations(), 0);
      });

      it("is deleted by a real sign-out", async () => {
        await window.signOutAccount(plus);
        fixture.secrets.settle();
        assert.deepEqual(emailsOf(window), ["team@example.com"]);
        assert.ok(![...fixture.secrets.values.keys()].some((key) => key.includes(plus)));
        assert.deepEqual(emailsOf(await fixture.openLoaded()), ["team@example.com"]);
      });
    });
  }

  it("that a starting window reads as an older one is neither used nor stored as rejected", async () => {
    await window.refresher.refresh(credentialOf(window, plus));
    await window.refresher.settle();
    const other = await fixture.openLoaded();
    const stored = fixture.secrets.values.get(`credential.${plus}`);
    fixture.misread(`credential.${plus}`, "older");
    const late = fixture.open();
    await late.accounts.load();
    assert.equal(credentialOf(late, plus).sequence, 0);
    await assert.rejects(late.refresher.refresh(credentialOf(late, plus)), is("needsSignIn"));
    // Not by another change of the record either.
    await late.accounts.update(plus, (credential) => ({ ...credential, creditsAskedAt: 1 }));
    await late.refreshNotes.remove(credentialOf(late, plus));
    await late.accounts.update(plus, (credential) => ({ ...credential, creditsAskedAt: 1 }));
    assert.equal(fixture.issuer.recordsOf("refresh").length, 1);
    assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
    assert.equal(fixture.secrets.values.get(`credential.${plus}`), stored);
    assert.equal(other.accounts.state.active?.rejected, undefined);
    fixture.secrets.settle();
    await late.accounts.reload();
    assert.equal(late.accounts.state.active?.rejected, undefined, "and everything is right after a right read");
    assert.equal((await late.source.get("chatgpt")).bearer, credentialOf(window, plus).tokens.accessToken);
  });

  it("that a starting window reads as an older one is read again before the account is shown as rejected", async () => {
    await window.refresher.refresh(credentialOf(window, plus));
    await window.refresher.settle();
    fixture.secrets.script("get", `credential.${plus}`, "older", "older");
    const late = await fixture.openLoaded();
    const { credential } = await late.refresher.refresh(credentialOf(late, plus));
    assert.deepEqual(credential, credentialOf(window, plus));
    assert.equal(late.accounts.state.active?.rejected, undefined);
  });

  it("that a starting window reads as an older one is not stored in place of the newer one", async () => {
    await window.refresher.refresh(credentialOf(window, plus));
    await window.refresher.settle();
    const newest = credentialOf(window, plus);
    fixture.misread(`credential.${plus}`, "older");
    const late = await fixture.openLoaded();
    await late.accounts.update(plus, (credential) => ({ ...credential, creditsAskedAt: 1 }));
    await late.deriver.keep(plus, Promise.resolve({ status: "present", key: "sk-derived-0001", createdAt: 1 }));
    fixture.secrets.settle();
    assert.deepEqual(credentialOf(await fixture.openLoaded(), plus), newest);
    await late.accounts.reload();
    await late.accounts.update(plus, (credential) => ({ ...credential, creditsAskedAt: 1 }));
    assert.deepEqual(
      credentialOf(await fixture.openLoaded(), plus),
      { ...newest, creditsAskedAt: 1 },
      "and is after a right read",
    );
  });

  for (const how of ["rejects", "nothing"] as const) {
    it(`that cannot be read (${how}) is read again by the next request, before another account is used`, async () => {
      const looks = how === "nothing" ? always(how).slice(0, 3) : [how];
      fixture.secrets.script("get", `credential.${plus}`, ...looks);
      const late = await fixture.openLoaded();
      assert.equal(late.accounts.state.active?.id, team);
      assert.equal((await late.source.get("chatgpt")).account, plus);
    });
  }

  it("that could not be read does not mean that nobody is signed in when the other one is gone", async () => {
    fixture.secrets.values.delete(`credential.${team}`);
    fixture.secrets.script("get", `credential.${plus}`, "rejects");
    const late = fixture.open();
    await assert.rejects(late.accounts.load(), is("keyringFailed"));
    await late.accounts.load();
    assert.deepEqual(emailsOf(late), ["plus@example.com"]);
  });

  it("is read again before a refusal of the issuer is believed that another window has overtaken", async () => {
    const other = await fixture.openLoaded();
    await other.refresher.refresh(credentialOf(other, plus));
    await other.refresher.settle();
    // The note is gone, and the record reads as it was: so the old token is used, and refused.
    await window.refreshNotes.remove(credentialOf(window, plus));
    fixture.secrets.script("get", `credential.${plus}`, "older", "older");
    fixture.issuer.faults.set("token", { kind: "status", status: 401, code: "refresh_token_reused", times: 1 });
    const { credential } = await window.refresher.refresh(credentialOf(window, plus));
    assert.deepEqual(credential, credentialOf(other, plus));
    assert.equal((await fixture.openLoaded()).accounts.state.active?.rejected, undefined);
  });

  it("that is another account's neither shows that one twice nor signs it out", async () => {
    fixture.misread(`credential.${plus}`, fixture.secrets.values.get(`credential.${team}`) ?? "");
    const late = await fixture.openLoaded();
    assert.deepEqual(emailsOf(late), ["team@example.com"]);
    assert.equal((await late.signOutAccount(plus))?.credential, undefined);
    assert.deepEqual(emailsOf(await fixture.openLoaded()), ["team@example.com"]);
  });

  it("that cannot be read does not keep the other accounts away", async () => {
    fixture.secrets.script("get", `credential.${plus}`, "rejects");
    const late = await fixture.openLoaded();
    assert.deepEqual(emailsOf(late), ["team@example.com"]);
    await late.accounts.reload();
    assert.deepEqual(emailsOf(late), both);
  });

  it("that was kept aside stays there when it reads as missing", async () => {
    const key = `credential.${plus}`;
    fixture.secrets.values.set(key, "?");
    const late = await fixture.openLoaded();
    fixture.secrets.script("get", key, ...always("nothing" as const));
    await late.accounts.storeSignIn(await fixture.credential("plus@example.com"));
    assert.equal(fixture.secrets.values.get(`setAside.${key}`), "?");
  });
});
