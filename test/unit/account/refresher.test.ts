import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Credential } from "../../../src/account/credential.ts";
import { fingerprintOf } from "../../../src/account/refreshNotes.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { eventually } from "../../support/timing.ts";
import { createFixture, credentialOf, day, type Fixture, is, minute } from "./fixture.ts";

describe("A refresh", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  const refreshes = () => fixture.issuer.recordsOf("refresh").length;
  const stored = ({ accounts }: AccountFixture): Credential =>
    JSON.parse(fixture.secrets.values.get(`credential.${accounts.state.active?.id}`) ?? "null");

  it("merges what the answer has, and keeps the rest", async () => {
    const window = await fixture.signedIn();
    const before = credentialOf(window);
    fixture.issuer.omitFromRefresh(["refresh_token", "id_token"]);
    const { credential } = await window.refresher.refresh(before);
    assert.equal(credential.tokens.refreshToken, before.tokens.refreshToken);
    assert.equal(credential.tokens.idToken, before.tokens.idToken);
    assert.notEqual(credential.tokens.accessToken, before.tokens.accessToken);
    assert.deepEqual(stored(window), credential);
  });

  it("keeps when the person signed in, and sets when the tokens were refreshed", async () => {
    const window = await fixture.signedIn();
    const { signedInAt, lastRefreshAt } = credentialOf(window);
    assert.equal(lastRefreshAt, undefined);
    for (const sequence of [1, 2]) {
      fixture.clock.jump(11 * day);
      await window.source.get("chatgpt");
      const { state } = window.accounts;
      assert.equal(credentialOf(window).sequence, sequence);
      for (const shown of [credentialOf(window), stored(window), state.active]) {
        assert.equal(shown?.signedInAt, signedInAt);
        assert.equal(shown?.lastRefreshAt, fixture.clock.now());
      }
    }
  });

  it("is stored before it is used", async () => {
    const window = await fixture.signedIn();
    fixture.secrets.storeLatencyMs = 30;
    const { credential } = await window.refresher.refresh(credentialOf(window));
    assert.deepEqual(stored(window), credential);
  });

  it("leaves a note for other windows that holds no secret", async () => {
    const window = await fixture.signedIn();
    const { credential } = await window.refresher.refresh(credentialOf(window));
    await window.refresher.settle();
    const [file] = (await readdir(fixture.folder)).filter((name) => name.startsWith("rotation-"));
    const text = await readFile(join(fixture.folder, file ?? ""), "utf8");
    assert.deepEqual(JSON.parse(text), {
      account: credential.id,
      sequence: 1,
      hash: fingerprintOf(credential.tokens.refreshToken),
      at: fixture.clock.now(),
    });
    for (const { kind, value } of fixture.issuer.secrets())
      assert.ok(!text.includes(value), `a ${kind} is in the note`);
    assert.equal(fingerprintOf(credential.tokens.refreshToken).length, 12);
  });

  it("is one for all callers of a window: one lock, one read of what is stored", async () => {
    const window = await fixture.signedIn();
    const { reread } = window.accounts;
    let looks = 0;
    window.accounts.reread = (id) => {
      looks += 1;
      return reread.call(window.accounts, id);
    };
    const seen = credentialOf(window);
    const entries = await Promise.all([1, 2, 3, 4].map(() => window.refresher.refresh(seen)));
    assert.equal(new Set(entries).size, 1);
    assert.deepEqual([refreshes(), looks], [1, 1]);
  });

  it("takes what another window has refreshed since, and uses no refresh token", async () => {
    const [one, other] = [await fixture.signedIn(), fixture.open()];
    await other.accounts.load();
    const seen = credentialOf(other);
    const refreshed = await one.refresher.refresh(seen);
    const adopted = await other.refresher.refresh(seen);
    assert.deepEqual(adopted.credential, refreshed.credential);
    assert.equal(refreshes(), 1);
  });

  it("that cannot be stored is used from memory, stored later, and never refreshed again for it", async () => {
    const window = await fixture.signedIn();
    fixture.secrets.failingStores = 3;
    const { credential } = await window.refresher.refresh(credentialOf(window));
    assert.equal(credential.sequence, 1);
    assert.equal(stored(window).sequence, 0);
    assert.equal((await window.source.get("chatgpt")).bearer, credential.tokens.accessToken);
    // What is stored is older: a reading of it changes nothing.
    await window.accounts.reload();
    assert.equal(credentialOf(window).sequence, 1);
    for (const wait of [200, 1_000]) {
      await fixture.clock.advance(wait);
      await eventually(() => assert.equal(fixture.clock.pending, 1));
    }
    await fixture.clock.advance(5_000);
    await eventually(() => assert.equal(stored(window).sequence, 1));
    assert.deepEqual(stored(window), credential);
    assert.equal(fixture.clock.pending, 0);
    assert.equal(refreshes(), 1);
  });

  it("that could not be stored yet is stored when the window closes", async () => {
    const window = await fixture.signedIn();
    fixture.secrets.failingStores = 1;
    const { credential } = await window.refresher.refresh(credentialOf(window));
    await window.refresher.settle();
    assert.deepEqual(stored(window), credential);
  });

  it("that could not be stored is not stored later over somebody who has signed in again", async () => {
    const [one, other] = [await fixture.signedIn(), fixture.open()];
    await other.accounts.load();
    fixture.secrets.failingStores = 1;
    await one.refresher.refresh(credentialOf(one));
    fixture.clock.jump(minute);
    const later = await fixture.credential();
    await other.accounts.storeSignIn(later);
    await fixture.clock.advance(200);
    await one.refresher.settle();
    assert.ok(isDeepStrictEqual(stored(one), later));
    assert.ok(isDeepStrictEqual(credentialOf(one), later));
  });

  it("under way is waited for when the window closes", async () => {
    const window = await fixture.signedIn();
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 100 });
    void window.refresher.refresh(credentialOf(window));
    await window.refresher.settle();
    assert.equal(stored(window).sequence, 1);
  });

  it("whose tokens were lost before they were stored asks for a sign-in, without giving the issuer a used token", async () => {
    const window = await fixture.signedIn();
    const before = new Map(fixture.secrets.values);
    await window.refresher.refresh(credentialOf(window));
    await window.refresher.settle();
    // The keyring comes back as it was.
    for (const [key, value] of before) fixture.secrets.values.set(key, value);
    const next = await fixture.openLoaded();
    await assert.rejects(next.refresher.refresh(credentialOf(next)), is("needsSignIn"));
    assert.equal(next.accounts.state.active?.rejected, "reused");
    assert.equal(refreshes(), 1);
    assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
  });

  it("during which somebody signs out leaves no token behind, here or at the issuer", async () => {
    const window = await fixture.signedIn();
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 100 });
    const refresh = window.refresher.refresh(credentialOf(window));
    await fixture.issuer.waitForRecord("fault");
    // Without the lock, as where that was lost.
    const { accounts } = window;
    const id = accounts.state.active?.id ?? "";
    await accounts.end(id);
    await accounts.ended.deleteRecord(id, () => true);
    await assert.rejects(refresh, is("notSignedIn"));
    assert.deepEqual(
      [...fixture.secrets.values.keys()].filter((key) => key.startsWith("credential")),
      [],
    );
    assert.equal((await fixture.issuer.waitForRecord("revoke")).at(-1)?.found, true);
    assert.equal(window.accounts.state.active, undefined);
  });

  it("during which another window signs out leaves no token behind, here or at the issuer", async () => {
    const [one, other] = [await fixture.signedIn(), fixture.open()];
    await other.accounts.load();
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 100 });
    const refresh = one.refresher.refresh(credentialOf(one));
    await fixture.issuer.waitForRecord("fault");
    await other.signOutAccount(other.accounts.state.active?.id ?? "");
    await refresh.catch(() => {});
    assert.equal((await fixture.issuer.waitForRecord("revoke")).at(-1)?.found, true);
    assert.deepEqual(
      [...fixture.secrets.values.keys()].filter((key) => key.startsWith("credential")),
      [],
    );
  });

  for (const isKnown of [true, false]) {
    it(`does not overwrite somebody who signed in again meanwhile where the account was ${isKnown ? "" : "not "}known`, async () => {
      const other = fixture.open();
      if (!isKnown) await other.accounts.load();
      const one = await fixture.signedIn();
      if (isKnown) await other.accounts.load();
      fixture.issuer.faults.set("token", { kind: "slow", delayMs: 100, times: 1, grant: "refresh_token" });
      const refresh = one.refresher.refresh(credentialOf(one));
      await fixture.issuer.waitForRecord("fault");
      fixture.clock.jump(minute);
      const later = await fixture.credential();
      await other.accounts.storeSignIn(later);
      await refresh;
      assert.ok(isDeepStrictEqual(stored(one), later));
    });
  }

  it("of a refused token asks the issuer nothing more", async () => {
    const window = await fixture.signedIn();
    fixture.issuer.faults.set("token", { kind: "status", status: 401, code: "refresh_token_expired" });
    await assert.rejects(window.refresher.refresh(credentialOf(window)), is("needsSignIn"));
    const asked = fixture.issuer.recordsOf("fault").length;
    await assert.rejects(window.refresher.refresh(credentialOf(window)), is("needsSignIn"));
    assert.equal(fixture.issuer.recordsOf("fault").length, asked);
  });

  it("writes none of its secrets to the log", async () => {
    const window = await fixture.signedIn();
    fixture.issuer.faults.set("token", { kind: "status", status: 401, code: "refresh_token_reused" });
    fixture.clock.jump(11 * day);
    await window.source.get("chatgpt").catch(() => {});
    const text = window.lines.join("\n");
    assert.match(text, /rejected/);
    for (const { value, kind } of fixture.issuer.secrets()) assert.ok(!text.includes(value), `a ${kind} is in the log`);
  });
});
