import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import type { HttpRequest } from "../../../src/platform/httpClient.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { eventually } from "../../support/timing.ts";
import { always, createFixture, day, type Fixture } from "./fixture.ts";

describe("A real sign-out", () => {
  let fixture: Fixture;
  let window: AccountFixture;
  let plus: string;
  let team: string;

  beforeEach(async () => {
    fixture = await createFixture({ reliable: true });
    window = await fixture.signedIn("team@example.com");
    team = window.accounts.state.active?.id ?? "";
    await window.accounts.storeSignIn(await fixture.credential("plus@example.com"));
    plus = window.accounts.state.active?.id ?? "";
  });
  afterEach(() => fixture.dispose());

  const emails = ({ accounts }: AccountFixture) => accounts.state.accounts.map(({ email }) => email);
  const tokenOf = ({ accounts }: AccountFixture) => accounts.entry(plus)?.credential.tokens.refreshToken;
  it("of one account among several, in a window that hears of it", async () => {
    const other = await fixture.openLoaded();
    await other.signOutAccount(plus);
    await window.accounts.reload();
    assert.deepEqual(emails(window), ["team@example.com"]);
  });

  it("is seen by a window that reads the index for something else", async () => {
    const other = await fixture.openLoaded();
    await other.signOutAccount(plus);
    await window.accounts.setActive(team);
    assert.deepEqual(emails(window), ["team@example.com"]);
  });

  it("of all, one after another", async () => {
    const other = await fixture.openLoaded();
    await other.signOutAccount(plus);
    await other.signOutAccount(team);
    await window.accounts.reload();
    assert.deepEqual(emails(window), []);
    assert.equal(window.accounts.state.notice, undefined);
    assert.equal(fixture.hint.get(), false);
  });

  it("ends the newest tokens, which another window has just refreshed", async () => {
    const other = await fixture.openLoaded();
    const { credential } = await other.refresher.refresh(
      (await window.accounts.reread(plus))?.credential as Credential,
    );
    await other.refresher.settle();
    assert.notEqual(tokenOf(window), credential.tokens.refreshToken);
    const ended = await window.signOutAccount(plus);
    assert.equal(ended?.credential?.tokens.refreshToken, credential.tokens.refreshToken);
  });

  it("ends the newest tokens, which were stored while the index was written, although no note tells of them", async () => {
    const revoked: (string | undefined)[] = [];
    const onRequest = ({ url, json, form }: HttpRequest) => {
      const { token } = { ...form, ...(json as { token?: string } | undefined) } as { token?: string };
      if (url.endsWith("/revoke")) revoked.push(token);
    };
    const here = await fixture.openLoaded({ onRequest });
    // A window that has lost the lock, and whose notes vanish.
    const elsewhere = temporaryDirectory();
    const other = await fixture.openLoaded({ directory: elsewhere.path });
    const store = fixture.secrets.store.bind(fixture.secrets);
    fixture.secrets.store = async (key, value) => {
      fixture.secrets.store = store;
      await other.refresher.refresh(other.accounts.entry(plus)?.credential ?? assert.fail());
      await other.refresher.settle();
      await store(key, value);
    };
    const newest = () => other.accounts.entry(plus)?.credential.tokens.refreshToken;
    const before = newest();
    await here.signOut.begin(plus).then((ending) => here.signOut.finish(ending ?? assert.fail()));
    assert.notEqual(newest(), before);
    assert.deepEqual(revoked, [newest()]);
    await elsewhere.remove();
  });

  it("of an account that cannot be read any more", async () => {
    fixture.secrets.script("get", `credential.${plus}`, ...always("rejects" as const));
    assert.ok(await window.signOutAccount(plus));
    assert.deepEqual(emails(await fixture.openLoaded()), ["team@example.com"]);
  });

  it("whose record could not be deleted", async () => {
    const other = await fixture.openLoaded();
    fixture.secrets.script("delete", `credential.${plus}`, ...always("rejects" as const));
    assert.ok(await other.signOutAccount(plus), "the record is there for the revocation");
    await window.accounts.reload();
    assert.deepEqual(emails(window), ["team@example.com"]);
    assert.equal(await window.accounts.reread(plus), undefined);
  });

  it("whose record is deleted late deletes what was kept aside for it, too", async () => {
    fixture.secrets.values.set(`setAside.credential.${plus}`, "?");
    const { accounts, signOutAccount } = fixture.open({ secretLimits: { readMs: 20, writeMs: 20 } });
    await accounts.load();
    fixture.secrets.script("delete", `credential.${plus}`, "hangs");
    assert.ok(await signOutAccount(plus));
    fixture.secrets.answerNow();
    await eventually(() => assert.ok(![...fixture.secrets.values.keys()].some((key) => key.includes(plus))));
  });

  it("that was written although the write was reported as failed", async () => {
    const store = fixture.secrets.store.bind(fixture.secrets);
    fixture.secrets.store = async (key, value) => {
      await store(key, value);
      fixture.secrets.store = store;
      throw new Error("the keyring is busy");
    };
    assert.ok(await window.signOutAccount(plus), "the record is there for the revocation");
    assert.ok(!fixture.secrets.values.has(`credential.${plus}`));
    assert.deepEqual(emails(window), ["team@example.com"]);
  });

  it("is seen by a window that reads that account alone", async () => {
    const other = await fixture.openLoaded();
    await other.signOutAccount(plus);
    assert.equal(await window.accounts.reread(plus), undefined);
    assert.deepEqual(emails(window), ["team@example.com"]);
  });

  it("stays one where its sign-in's record is read in place of the next one's", async () => {
    const ended = fixture.secrets.values.get(`credential.${plus}`) ?? "";
    await window.signOutAccount(plus);
    fixture.clock.jump(day);
    await window.accounts.storeSignIn(await fixture.credential("plus@example.com"));
    fixture.secrets.values.set(`credential.${plus}`, ended);
    const late = await fixture.openLoaded();
    assert.deepEqual(emails(late), ["team@example.com"]);
    assert.equal(await late.accounts.reread(plus), undefined);
    await assert.rejects(late.refresher.refresh(JSON.parse(ended)), (error) => isProblem(error, "notSignedIn"));
    assert.equal(fixture.issuer.recordsOf("refresh").length, 0);
  });

  it("stays one in a window that still knew its sign-in while the next one's record reads as missing", async () => {
    const other = await fixture.openLoaded();
    const ended = other.accounts.entry(plus)?.credential;
    assert.ok(ended);
    await window.signOutAccount(plus);
    fixture.clock.jump(day);
    await window.accounts.storeSignIn(await fixture.credential("plus@example.com"));
    fixture.secrets.script("get", `credential.${plus}`, ...always("nothing" as const));
    assert.equal(await other.accounts.reread(plus), undefined);
    await assert.rejects(other.refresher.refresh(ended), (error) => isProblem(error, "notSignedIn"));
    assert.equal(fixture.issuer.recordsOf("refresh").length, 0);
    fixture.secrets.settle();
    await other.accounts.reload();
    assert.equal(tokenOf(other), tokenOf(window));
  });

  it("ends nothing of the sign-in after it", async () => {
    const ended = window.accounts.entry(plus)?.credential;
    assert.ok(ended);
    await window.signOutAccount(plus);
    fixture.clock.jump(day);
    const later = await fixture.credential("plus@example.com");
    await window.accounts.storeSignIn(later);
    assert.equal(await window.accounts.dropIfSignedOut(ended), true);
    assert.ok(tokenOf(await fixture.openLoaded()) === later.tokens.refreshToken);
  });

  it("deletes the revoked tokens also where a failed sign-in has stored their record again as a newer one meanwhile", async () => {
    const ending = (await window.signOut.begin(plus)) ?? assert.fail();
    const key = `credential.${plus}`;
    const record = JSON.parse(fixture.secrets.values.get(key) ?? assert.fail());
    fixture.secrets.values.set(key, JSON.stringify({ ...record, signedInAt: record.signedInAt + 1 }));
    assert.equal((await window.signOut.finish(ending)).isStored, false);
    assert.equal(fixture.secrets.values.get(key), undefined);
    assert.deepEqual(emails(await fixture.openLoaded()), ["team@example.com"]);
  });

  it("leaves no account that could be made the active one", async () => {
    await window.signOutAccount(plus);
    await assert.rejects(window.accounts.setActive(plus), (error) => isProblem(error, "notSignedIn"));
    assert.equal((await fixture.openLoaded()).accounts.state.active?.id, team);
  });

  it("although the index then reads as it was before", async () => {
    const other = await fixture.openLoaded();
    await other.signOutAccount(plus);
    await window.accounts.reload();
    for (const key of ["accounts", "accounts.copy"]) fixture.secrets.script("get", key, ...always("older" as const));
    await window.accounts.reload();
    assert.deepEqual(emails(window), ["team@example.com"]);
  });

  it("although somebody signs in again, also after the clock was set back", async () => {
    const other = await fixture.openLoaded();
    await other.signOutAccount(plus);
    fixture.clock.jump(-30 * day);
    const later = await fixture.credential("plus@example.com");
    await other.accounts.storeSignIn(later);
    await window.accounts.reload();
    assert.equal(tokenOf(window), later.tokens.refreshToken);
    assert.equal(tokenOf(await fixture.openLoaded()), later.tokens.refreshToken);
  });

  it("by one of the first builds, whose index has no generation, when the list is empty", async () => {
    fixture.secrets.values.set("accounts", JSON.stringify({ version: 1, ids: [plus], active: plus }));
    fixture.secrets.values.delete("accounts.copy");
    const old = await fixture.openLoaded();
    assert.deepEqual(emails(old), ["plus@example.com"]);
    fixture.secrets.values.set("accounts", JSON.stringify({ version: 1, ids: [] }));
    await old.accounts.reload();
    assert.deepEqual(emails(old), []);
  });
});
