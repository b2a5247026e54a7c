import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import type { Credential } from "../../../src/account/credential.ts";
import { KeyringSilent } from "../../../src/account/limitSecrets.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { eventually } from "../../support/timing.ts";
import { is, minute } from "./fixture.ts";
import { createSignOutFixture, type SignOutFixture, soon } from "./signOutFixture.ts";

const limits = { secretLimits: { readMs: 30, writeMs: 30 } };

describe("A sign-in that was reported as failed and is stored all the same", () => {
  let fixture: SignOutFixture;
  let window: AccountFixture;
  let signedIn: Credential;
  let failed: Credential;

  beforeEach(async () => {
    fixture = await createSignOutFixture();
    ({ window, signedIn } = fixture);
    fixture.clock.jump(minute);
  });
  afterEach(() => fixture.dispose());

  const isAlive = (...credentials: Credential[]) => credentials.map((each) => fixture.isAlive(each));
  const notes = async () => (await readdir(fixture.folder)).filter((name) => name.startsWith("failed-sign-in-"));
  const stored = (id = failed.id) => fixture.secrets.values.get(`credential.${id}`);
  const accessTokenIn = ({ accounts }: AccountFixture) => accounts.entry(failed.id)?.credential.tokens.accessToken;

  /** Repeats an assertion while time passes. */
  const passes = (assertion: () => void) =>
    eventually(async () => {
      await fixture.clock.advance(minute);
      assertion();
    });

  /** The next store of a record takes effect, and is given up when a test says so. @returns what a test calls then */
  function hangsDone(): () => void {
    const store = fixture.secrets.store.bind(fixture.secrets);
    const silence = Promise.withResolvers<never>();
    fixture.secrets.store = async (key, value) => {
      await store(key, value);
      if (!key.startsWith("credential.")) return;
      fixture.secrets.store = store;
      await silence.promise;
    };
    return () => silence.reject(new KeyringSilent(new Promise(() => {})));
  }

  /** A sign-in that fails in a window, whose token is then revoked. */
  async function fails(in_ = window, credential?: Credential) {
    failed = credential ?? (await fixture.credential());
    await assert.rejects(in_.accounts.storeSignIn(failed), is("keyringSilent"));
    await in_.signOut.discard(failed.id, { issuer: failed.issuer, refreshToken: fixture.tokenOf(failed) });
  }

  /** The same, where the keyring holds the write back until all tries to undo it are over. */
  async function failsAndLandsLate() {
    fixture.secrets.script("store", fixture.recordKey, "lost", "lost", "lost");
    const { store } = fixture.secrets;
    let text = "";
    fixture.secrets.store = async (key, value) => {
      if (key !== fixture.recordKey) return store.call(fixture.secrets, key, value);
      text = value;
      fixture.secrets.store = store;
      await new Promise(() => {});
    };
    await fails();
    fixture.secrets.settle();
    await eventually(async () => assert.equal((await notes()).length, 1));
    await store.call(fixture.secrets, fixture.recordKey, text);
    assert.ok(stored()?.includes(fixture.tokenOf(failed)));
  }

  it("is not believed by its window, where the earlier sign-in goes on", async () => {
    await failsAndLandsLate();
    await window.accounts.reload();
    assert.equal(accessTokenIn(window), signedIn.tokens.accessToken);
    assert.ok(!window.accounts.entry()?.account.rejected);
  });

  for (const [name, from] of [
    ["its window", () => window],
    ["a window that was open", () => fixture.openLoaded(limits)],
  ] as const) {
    it(`goes with a sign-out in ${name}, as does the sign-in before it`, async () => {
      const other = await from();
      await failsAndLandsLate();
      await other.accounts.reload();
      const outcome = await fixture.signOut(other);
      // Its own window knows of a write that may still come.
      assert.deepEqual([outcome.signIn, outcome.isStored], ["revoked", other === window]);
      assert.deepEqual(isAlive(signedIn, failed), [false, false]);
      assert.equal(stored(), undefined);
    });
  }

  it("is undone by the next window: the earlier sign-in is the account's", async () => {
    const other = await fixture.openLoaded(limits);
    await failsAndLandsLate();
    await other.accounts.reload();
    await soon(() => assert.ok(stored()?.includes(fixture.tokenOf(signedIn))));
    assert.equal(accessTokenIn(other), signedIn.tokens.accessToken);
    await eventually(async () => {
      await other.accounts.reload();
      assert.deepEqual(await notes(), []);
    });
    assert.deepEqual(isAlive(signedIn, failed), [true, false]);
  });

  it("is revoked and deleted by the next window where its own could not find out what it has replaced", async () => {
    const email = "team@example.com";
    failed = await fixture.credential(email);
    fixture.secrets.script("get", "accounts", "rejects", "rejects", "rejects");
    const late = fixture.open(limits);
    await assert.rejects(late.accounts.load(), is("keyringFailed"));
    fixture.secrets.script("get", "accounts", ...Array<"rejects">(6).fill("rejects"));
    fixture.secrets.script("store", "accounts.copy", "rejects", "rejects");
    await assert.rejects(late.accounts.storeSignIn(failed), is("saveFailed"));
    fixture.secrets.settle();
    assert.ok(stored() !== undefined && (await notes()).length === 1);
    const next = await fixture.openLoaded(limits);
    next.start();
    await soon(() => assert.equal(next.accounts.ended.withLeft.length, 1));
    await passes(() => assert.deepEqual([stored(), fixture.left()], [undefined, []]));
    assert.deepEqual(isAlive(signedIn, failed), [true, false]);
    assert.deepEqual(await notes(), []);
    assert.deepEqual(
      next.accounts.state.accounts.map(({ id }) => id),
      [signedIn.id],
    );
  });

  it("does not cost tokens that were refreshed before its record came, of a sign-in that has ended", async () => {
    let answer = () => {};
    const { store } = fixture.secrets;
    fixture.secrets.store = async (key, value) => {
      if (key !== fixture.recordKey) return store.call(fixture.secrets, key, value);
      fixture.secrets.store = store;
      const held = Promise.withResolvers<void>();
      answer = held.resolve;
      await held.promise;
      await store.call(fixture.secrets, key, value);
    };
    await fails();
    const other = await fixture.openLoaded(limits);
    const { credential } = await other.refresher.refresh(signedIn);
    await other.refresher.settle();
    await window.accounts.reload();
    await other.accounts.end(signedIn.id);
    answer();
    await soon(() => assert.deepEqual(fixture.keysWith(credential), [fixture.listKey]));
  });

  it("leaves the newest tokens of the sign-in before it, which were refreshed meanwhile", async () => {
    let answer = () => {};
    const { store } = fixture.secrets;
    fixture.secrets.store = async (key, value) => {
      if (key !== fixture.recordKey) return store.call(fixture.secrets, key, value);
      fixture.secrets.store = store;
      const held = Promise.withResolvers<void>();
      answer = held.resolve;
      await held.promise;
      await store.call(fixture.secrets, key, value);
    };
    await fails();
    const { credential } = await window.refresher.refresh(signedIn);
    await window.refresher.settle();
    answer();
    await soon(() => assert.ok(stored()?.includes(fixture.tokenOf(credential))));
    await eventually(async () => assert.deepEqual(await notes(), []));
    assert.equal(
      (await fixture.openLoaded(limits)).accounts.entry()?.credential.tokens.accessToken,
      accessTokenIn(window),
    );
  });

  describe("in windows that do not hear of each other's locks", () => {
    const elsewhere = temporaryDirectory();
    after(() => elsewhere.remove());

    beforeEach(async () => {
      window = await fixture.openLoaded();
    });

    it("is revoked with the tokens that another window has got for it, which took it for a whole one", async () => {
      const { secrets } = fixture;
      const listing = {
        get: (key: string) => secrets.get(key),
        store: (key: string, value: string) => secrets.store(key, value),
        delete: (key: string) => secrets.delete(key),
        onDidChange: secrets.onDidChange,
        keys: async () => [...secrets.values.keys()],
      };
      const giveUp = hangsDone();
      const failing = fails(window, await fixture.credential("team@example.com"));
      await soon(() => assert.ok(failed !== undefined && stored() !== undefined));
      const other = await fixture.openLoaded({ ...limits, directory: elsewhere.path, secrets: listing });
      await soon(() => assert.ok(secrets.values.get("accounts")?.includes(failed.id)));
      const { credential } = await other.refresher.refresh(
        other.accounts.entry(failed.id)?.credential ?? assert.fail(),
      );
      await other.refresher.settle();
      giveUp();
      await failing;
      await soon(() => assert.equal(window.accounts.ended.withLeft.length, 1));
      await window.accounts.reload();
      await passes(() => assert.deepEqual([...isAlive(failed, credential), stored()], [false, false, undefined]));
    });

    it("leaves the sign-in of another window that began in the same millisecond", async () => {
      const [ours, theirs] = [
        await fixture.credential("team@example.com"),
        { ...(await fixture.credential("team@example.com")), signedInAt: fixture.clock.now() },
      ];
      assert.equal(ours.signedInAt, theirs.signedInAt);
      const other = await fixture.openLoaded({ ...limits, directory: elsewhere.path });
      const giveUp = hangsDone();
      const failing = fails(window, ours);
      await soon(() => assert.ok(failed !== undefined && stored() !== undefined));
      await other.accounts.storeSignIn(theirs);
      giveUp();
      await failing;
      await window.accounts.reload();
      assert.deepEqual(isAlive(ours, theirs), [false, true]);
      for (const each of [window, other, await fixture.openLoaded(limits)]) {
        assert.equal(accessTokenIn(each), theirs.tokens.accessToken);
      }
    });
  });
});
