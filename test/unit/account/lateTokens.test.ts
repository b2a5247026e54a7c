import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { endedWithLeft, parseIndex } from "../../../src/account/accountIndex.ts";
import type { Credential } from "../../../src/account/credential.ts";
import { fingerprintOf } from "../../../src/account/refreshNotes.ts";
import type { HttpResponse } from "../../../src/platform/httpClient.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { eventually } from "../../support/timing.ts";
import { always, createFixture, credentialOf, type Fixture, is } from "./fixture.ts";

describe("Refreshed tokens that come late", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  const key = (id: string) => `credential.${id}`;
  const records = () => [...fixture.secrets.values.keys()].filter((name) => name.startsWith("credential."));
  const revoked = () => fixture.issuer.recordsOf("revoke").filter(({ found }) => found).length;

  it("are never stored over newer ones, also while nothing can be read", async () => {
    const window = await fixture.signedIn();
    fixture.secrets.failingStores = 1;
    const { credential } = await window.refresher.refresh(credentialOf(window));
    await window.refresher.settle();
    fixture.secrets.failingStores = 9;
    const second = await window.refresher.refresh(credential);
    await window.refresher.settle();
    fixture.secrets.failingStores = 0;
    // Another window has refreshed them once more.
    const newest: Credential = { ...second.credential, sequence: 3, lastRefreshAt: fixture.clock.now() };
    fixture.secrets.values.set(key(newest.id), JSON.stringify(newest));
    const hash = fingerprintOf(newest.tokens.refreshToken);
    await window.refreshNotes.write(newest, { sequence: 3, hash, at: fixture.clock.now() });
    fixture.secrets.script("get", "*", ...always("rejects" as const));
    await fixture.clock.advance(200);
    await window.refresher.settle();
    assert.equal(JSON.parse(fixture.secrets.values.get(key(newest.id)) ?? "{}").sequence, 3);
  });

  it("are stored while nothing can be read, as nobody has noted newer ones", async () => {
    const window = await fixture.signedIn();
    fixture.secrets.failingStores = 1;
    const { credential } = await window.refresher.refresh(credentialOf(window));
    fixture.secrets.script("get", "*", ...always("rejects" as const));
    await fixture.clock.advance(200);
    await window.refresher.settle();
    assert.deepEqual(JSON.parse(fixture.secrets.values.get(key(credential.id)) ?? "{}"), credential);
  });

  /** A window whose refreshed tokens are not stored yet, and another one, in which somebody signs out then. */
  async function signedOutElsewhere() {
    const window = await fixture.signedIn();
    const other = await fixture.openLoaded();
    fixture.secrets.failingStores = 9;
    const { credential } = await window.refresher.refresh(credentialOf(window));
    // Everything that the refresh itself does has been done.
    await window.refresher.settle();
    fixture.secrets.failingStores = 0;
    await window.accounts.reread(credential.id);
    await other.signOutAccount(credential.id);
    return window;
  }

  it("are revoked when somebody has signed out elsewhere before they could be stored", async () => {
    await signedOutElsewhere();
    await fixture.clock.advance(200);
    await eventually(() => assert.equal(revoked(), 1));
    assert.deepEqual(records(), []);
    await fixture.clock.advance(60_000);
    assert.deepEqual(records(), []);
  });

  it("are revoked when the window closes, if somebody has signed out elsewhere", async () => {
    const window = await signedOutElsewhere();
    await window.refresher.settle();
    assert.equal(revoked(), 1);
    assert.deepEqual(records(), []);
  });

  it("are revoked, and not left behind, where a record could not be deleted at the sign-out", async () => {
    fixture.secrets.script("delete", "*", "rejects", "rejects", "rejects");
    await signedOutElsewhere();
    assert.equal(records().length, 1);
    await fixture.clock.advance(200);
    await eventually(() => assert.equal(revoked(), 1));
    await eventually(() => assert.deepEqual(records(), []));
  });

  it("of somebody who has signed out are revoked as soon as the issuer can be told", async () => {
    const window = await fixture.signedIn();
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 100 });
    fixture.issuer.faults.set("revoke", { kind: "serverError", times: 1 });
    const refresh = window.refresher.refresh(credentialOf(window));
    await fixture.issuer.waitForRecord("fault");
    const id = window.accounts.state.active?.id ?? "";
    await window.accounts.end(id);
    await assert.rejects(refresh, is("notSignedIn"));
    assert.equal(revoked(), 0);
    await eventually(() => assert.equal(fixture.issuer.recordsOf("fault").length, 2));
    await eventually(() => assert.ok(fixture.secrets.values.get(`replaced.${id}`)));
    await fixture.clock.advance(60_000);
    await eventually(() => assert.equal(revoked(), 1));
    await eventually(() => assert.equal(fixture.secrets.values.get(`replaced.${id}`), undefined));
  });

  it("are revoked before their record is deleted, and deleted when that is done, as the window may be killed in between", async () => {
    const window = await fixture.signedIn();
    const other = await fixture.openLoaded();
    const answer = holdAnswer(window);
    const refresh = window.refresher.refresh(credentialOf(window));
    await answer.came;
    fixture.issuer.faults.set("revoke", { kind: "serverError", times: 1 });
    await other.accounts.end(other.accounts.state.active?.id ?? "");
    answer.release();
    await refresh;
    await eventually(() =>
      assert.ok(fixture.secrets.values.get(`replaced.${records()[0]?.slice("credential.".length)}`)),
    );
    assert.equal(records().length, 1);
    await fixture.clock.advance(60_000);
    await eventually(() => assert.equal(revoked(), 1));
    await eventually(() => assert.deepEqual(records(), []));
  });

  it("are revoked by the sign-out when their record is stored in the middle of it and their window is gone then", async () => {
    const window = await fixture.signedIn();
    const other = await fixture.openLoaded();
    const seen = credentialOf(window);
    const answer = holdAnswer(other);
    const refresh = other.refresher.refresh(seen);
    await answer.came;
    other.accounts.dropIfSignedOut = () => new Promise(() => {});
    const ending = window.signOut.begin(seen.id);
    await fixture.clock.advance(5_000);
    const { send } = window.http;
    const sent: string[] = [];
    window.http.send = async (request) => {
      sent.push(JSON.stringify(request));
      const answered = await send(request);
      answer.release();
      await refresh;
      return answered;
    };
    const outcome = await window.signOut.finish((await ending) ?? assert.fail());
    assert.deepEqual(outcome, { signIn: "revoked", earlier: undefined, isStored: false });
    const { refreshToken = "missing" } = (await refresh).credential.tokens;
    assert.notEqual(refreshToken, seen.tokens.refreshToken);
    assert.ok(sent.at(-1)?.includes(refreshToken));
    assert.deepEqual(records(), []);
  });

  it("of somebody who has signed in again meanwhile are kept to be revoked at the sign-out", async () => {
    const window = await fixture.signedIn();
    const other = await fixture.openLoaded();
    const seen = credentialOf(window);
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 100, times: 1, grant: "refresh_token" });
    const refresh = window.refresher.refresh(seen);
    await fixture.issuer.waitForRecord("fault");
    fixture.clock.jump(60_000);
    const later = await fixture.credential();
    await other.accounts.storeSignIn(later);
    await window.accounts.reload();
    await refresh;
    await window.refresher.settle();
    const list = JSON.parse(fixture.secrets.values.get(`replaced.${seen.id}`) ?? "{}");
    const [newest] = fixture.issuer
      .secrets()
      .filter(({ kind }) => kind === "refresh_token")
      .map(({ value }) => value)
      .filter((value) => ![seen.tokens.refreshToken, later.tokens.refreshToken].includes(value));
    assert.ok(newest);
    assert.ok(list.tokens.some(({ refreshToken }: { refreshToken: string }) => refreshToken === newest));
  });

  /** Lets an answer to a refresh wait for the test: the issuer's, or one with an error. */
  function holdAnswer(window: AccountFixture, status?: number) {
    const [came, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { send } = window.http;
    window.http.send = async (request) => {
      if (!request.url.endsWith("/oauth/token")) return send(request);
      const json = { error: { code: "refresh_token_reused", message: "used" } };
      const answer = status === undefined ? await send(request) : { status, headers: {}, json };
      came.resolve();
      await released.promise;
      return answer as HttpResponse;
    };
    return { came: came.promise, release: () => released.resolve() };
  }

  for (const last of ["signed in", "signed out"]) {
    it(`of a sign-in that another without our lock has replaced are kept to be revoked (${last} by then)`, async () => {
      const window = await fixture.signedIn();
      const seen = credentialOf(window);
      const elsewhere = temporaryDirectory();
      const other = await fixture.openLoaded({ directory: elsewhere.path });
      const answer = holdAnswer(window);
      const refresh = window.refresher.refresh(seen);
      await answer.came;
      fixture.clock.jump(60_000);
      const later = await fixture.credential();
      await other.accounts.storeSignIn(later);
      await window.accounts.reload();
      if (last === "signed out") {
        await other.signOut.finish((await other.signOut.begin(seen.id)) ?? assert.fail());
        fixture.issuer.faults.set("revoke", { kind: "serverError" });
      }
      answer.release();
      await refresh;
      await window.refresher.settle();
      const list = JSON.parse(fixture.secrets.values.get(`replaced.${seen.id}`) ?? "{}");
      const known = [seen.tokens.refreshToken, later.tokens.refreshToken];
      const tokens = list.tokens.map(({ refreshToken }: { refreshToken: string }) => refreshToken);
      assert.equal(tokens.filter((token: string) => !known.includes(token)).length, 1);
      const left = endedWithLeft(parseIndex(fixture.secrets.values.get("accounts")).index ?? assert.fail());
      assert.equal(left.length, last === "signed out" ? 1 : 0);
      await elsewhere.remove();
    });
  }

  const statuses = { "new tokens": undefined, "a failure": 503, "a rejection": 401 };
  for (const outcome of ["new tokens", "a failure", "a rejection"] as const) {
    it(`leave no note behind when somebody has signed out meanwhile, and ${outcome} came`, async () => {
      const window = await fixture.signedIn();
      const seen = credentialOf(window);
      const answer = holdAnswer(window, statuses[outcome]);
      const refresh = window.refresher.refresh(seen);
      await answer.came;
      const ended = window.signOut.begin(seen.id);
      await fixture.clock.advance(5_000);
      const outcomeOf = window.signOut.finish((await ended) ?? assert.fail());
      await eventually(() => assert.equal(fixture.clock.pending, 1));
      await fixture.clock.advance(5_000);
      assert.equal((await outcomeOf).isStored, false);
      answer.release();
      await assert.rejects(refresh);
      await window.refresher.settle();
      const names = await readdir(fixture.folder);
      assert.deepEqual(
        names.filter((name) => !name.endsWith(".lock")),
        [],
      );
    });
  }

  it("that could not be stored before somebody signed in again are kept to be revoked, too", async () => {
    const window = await fixture.signedIn();
    const other = await fixture.openLoaded();
    fixture.secrets.failingStores = 9;
    const { credential } = await window.refresher.refresh(credentialOf(window));
    await window.refresher.settle();
    fixture.secrets.failingStores = 0;
    fixture.clock.jump(60_000);
    await other.accounts.storeSignIn(await fixture.credential());
    await window.refresher.settle();
    const list = fixture.secrets.values.get(`replaced.${credential.id}`) ?? "";
    assert.ok(list.includes(credential.tokens.refreshToken ?? "missing"));
  });

  it("of somebody who signs out elsewhere are revoked as soon as that can be read", async () => {
    const window = await fixture.signedIn();
    const other = await fixture.openLoaded();
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 100 });
    const refresh = window.refresher.refresh(credentialOf(window));
    await fixture.issuer.waitForRecord("fault");
    await other.accounts.end(other.accounts.state.active?.id ?? "");
    const { dropIfSignedOut } = window.accounts;
    let fails = 2;
    window.accounts.dropIfSignedOut = async (...given) => {
      fails -= 1;
      if (fails >= 0) throw new Error("locked");
      return dropIfSignedOut.apply(window.accounts, given);
    };
    await refresh.catch(() => {});
    for (const ms of [1_000, 10_000]) {
      await eventually(() => assert.equal(fixture.clock.pending, 1));
      await fixture.clock.advance(ms);
    }
    await eventually(() => assert.equal(revoked(), 1));
    await eventually(() => assert.deepEqual(records(), []));
  });
});
