import assert from "node:assert/strict";
import { Accounts } from "../../../src/account/accounts.ts";
import type { Credential } from "../../../src/account/credential.ts";
import { SecretStore } from "../../../src/account/secretStore.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import type { AccountWindow } from "../../support/accountWindow.ts";
import { eventually } from "../../support/timing.ts";
import { createFixture, day, type Fixture } from "./fixture.ts";

const always = <T>(value: T): T[] => Array.from({ length: 60 }, () => value);

describe("A real sign-out", () => {
  let fixture: Fixture;
  let window: AccountWindow;
  let plus: string;
  let team: string;

  beforeEach(async () => {
    fixture = await createFixture({ reliable: true });
    window = await fixture.signedIn("team@example.com");
    team = window.accounts.state.active?.id ?? "";
    await window.accounts.put(await fixture.credential("plus@example.com"), { activate: true });
    plus = window.accounts.state.active?.id ?? "";
  });
  afterEach(() => fixture.dispose());

  const emails = ({ accounts }: AccountWindow) => accounts.state.accounts.map(({ email }) => email);
  const tokenOf = ({ accounts }: AccountWindow) => accounts.entry(plus)?.credential.tokens.refreshToken;
  async function next(): Promise<AccountWindow> {
    const opened = fixture.open();
    await opened.accounts.load();
    return opened;
  }

  it("of one account among several, in a window that hears of it", async () => {
    const other = await next();
    await other.accounts.remove(plus);
    await window.accounts.reload();
    assert.deepEqual(emails(window), ["team@example.com"]);
  });

  it("is seen by a window that reads the index for something else", async () => {
    const other = await next();
    await other.accounts.remove(plus);
    await window.accounts.setActive(team);
    assert.deepEqual(emails(window), ["team@example.com"]);
  });

  it("of all, one after another", async () => {
    const other = await next();
    await other.accounts.remove(plus);
    await other.accounts.remove(team);
    await window.accounts.reload();
    assert.deepEqual(emails(window), []);
    assert.equal(window.accounts.state.notice, undefined);
    assert.equal(fixture.hint.get(), false);
  });

  it("ends the newest tokens, which another window has just renewed", async () => {
    const other = await next();
    const { credential } = await other.refresher.refresh(
      (await window.accounts.reread(plus))?.credential as Credential,
    );
    await other.refresher.settle();
    assert.notEqual(tokenOf(window), credential.tokens.refreshToken);
    const ended = await window.accounts.remove(plus);
    assert.equal(ended?.credential.tokens.refreshToken, credential.tokens.refreshToken);
  });

  it("of an account that cannot be read any more", async () => {
    fixture.secrets.script("get", `credential.${plus}`, ...always("rejects" as const));
    assert.ok(await window.accounts.remove(plus));
    assert.deepEqual(emails(await next()), ["team@example.com"]);
  });

  it("whose record could not be deleted", async () => {
    const other = await next();
    fixture.secrets.script("delete", `credential.${plus}`, ...always("rejects" as const));
    assert.ok(await other.accounts.remove(plus), "the record is there for the revocation");
    await window.accounts.reload();
    assert.deepEqual(emails(window), ["team@example.com"]);
    assert.equal(await window.accounts.reread(plus), undefined);
  });

  it("whose record is not deleted for long takes what was kept aside for it all the same", async () => {
    fixture.secrets.values.set(`setAside.credential.${plus}`, "?");
    const { lock, refreshNotes, log } = fixture.open();
    const store = new SecretStore(fixture.secrets, { readMs: 20, writeMs: 20 });
    const accounts = new Accounts(store, lock, fixture.hint, refreshNotes, log);
    await accounts.load();
    fixture.secrets.script("delete", `credential.${plus}`, "hangs");
    assert.ok(await accounts.remove(plus));
    fixture.secrets.answerNow();
    await eventually(() => assert.ok(![...fixture.secrets.values.keys()].some((key) => key.includes(plus))));
  });

  it("that was written although that was said to have failed", async () => {
    const store = fixture.secrets.store.bind(fixture.secrets);
    fixture.secrets.store = async (key, value) => {
      await store(key, value);
      fixture.secrets.store = store;
      throw new Error("the keyring is busy");
    };
    assert.ok(await window.accounts.remove(plus), "the record is there for the revocation");
    assert.ok(!fixture.secrets.values.has(`credential.${plus}`));
    assert.deepEqual(emails(window), ["team@example.com"]);
  });

  it("is seen by a window that reads that account alone", async () => {
    const other = await next();
    await other.accounts.remove(plus);
    assert.equal(await window.accounts.reread(plus), undefined);
    assert.deepEqual(emails(window), ["team@example.com"]);
  });

  it("stays one where the record of that sign-in is read in place of the next one's", async () => {
    const ended = fixture.secrets.values.get(`credential.${plus}`) ?? "";
    await window.accounts.remove(plus);
    fixture.clock.jump(day);
    await window.accounts.put(await fixture.credential("plus@example.com"), { activate: true });
    fixture.secrets.values.set(`credential.${plus}`, ended);
    const late = await next();
    assert.deepEqual(emails(late), ["team@example.com"]);
    assert.equal(await late.accounts.reread(plus), undefined);
    await assert.rejects(late.refresher.refresh(JSON.parse(ended)), (error) => isProblem(error, "notSignedIn"));
    assert.equal(fixture.issuer.recordsOf("refresh").length, 0);
  });

  it("stays one in a window that still knew that sign-in while the next one's record reads as missing", async () => {
    const other = await next();
    const ended = other.accounts.entry(plus)?.credential;
    assert.ok(ended);
    await window.accounts.remove(plus);
    fixture.clock.jump(day);
    await window.accounts.put(await fixture.credential("plus@example.com"), { activate: true });
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
    await window.accounts.remove(plus);
    fixture.clock.jump(day);
    const later = await fixture.credential("plus@example.com");
    await window.accounts.put(later, { activate: true });
    assert.equal(await window.accounts.dropSignedOut(ended), true);
    assert.ok(tokenOf(await next()) === later.tokens.refreshToken);
  });

  it("leaves no account that could be made the active one", async () => {
    await window.accounts.remove(plus);
    await assert.rejects(window.accounts.setActive(plus), (error) => isProblem(error, "notSignedIn"));
    assert.equal((await next()).accounts.state.active?.id, team);
  });

  it("although the index then reads as it was before", async () => {
    const other = await next();
    await other.accounts.remove(plus);
    await window.accounts.reload();
    for (const key of ["accounts", "accounts.copy"]) fixture.secrets.script("get", key, ...always("older" as const));
    await window.accounts.reload();
    assert.deepEqual(emails(window), ["team@example.com"]);
  });

  it("although somebody signs in again, also after the clock was put back", async () => {
    const other = await next();
    await other.accounts.remove(plus);
    fixture.clock.jump(-30 * day);
    const later = await fixture.credential("plus@example.com");
    await other.accounts.put(later, { activate: true });
    await window.accounts.reload();
    assert.equal(tokenOf(window), later.tokens.refreshToken);
    assert.equal(tokenOf(await next()), later.tokens.refreshToken);
  });

  it("written by a first build, which counted nothing, when its list is empty", async () => {
    fixture.secrets.values.set("accounts", JSON.stringify({ version: 1, ids: [plus], active: plus }));
    fixture.secrets.values.delete("accounts.copy");
    const old = await next();
    assert.deepEqual(emails(old), ["plus@example.com"]);
    fixture.secrets.values.set("accounts", JSON.stringify({ version: 1, ids: [] }));
    await old.accounts.reload();
    assert.deepEqual(emails(old), []);
  });
});
