import assert from "node:assert/strict";
import { noAccounts, parseIndex, withoutAccount } from "../../../src/account/accountIndex.ts";
import type { Credential } from "../../../src/account/credential.ts";
import type { HttpRequest } from "../../../src/platform/httpClient.ts";
import { eventually } from "../../support/timing.ts";
import { is, minute } from "./fixture.ts";
import { createSignOutFixture, type SignOutFixture, soon } from "./signOutFixture.ts";

const secretLimits = { readMs: 30, writeMs: 30 };

describe("A record that a sign-out finds when it deletes", () => {
  let fixture: SignOutFixture;
  let signedIn: Credential;
  let get: SignOutFixture["secrets"]["get"];
  beforeEach(async () => {
    fixture = await createSignOutFixture();
    ({ signedIn } = fixture);
    get = fixture.secrets.get;
    fixture.clock.jump(minute);
  });
  afterEach(() => fixture.dispose());

  const store = (credential: Credential) => fixture.secrets.values.set(fixture.recordKey, JSON.stringify(credential));
  const fate = (credential: Credential) => [fixture.isAlive(credential), fixture.keysWith(credential)];
  /** A window whose requests fail that have this credential's token. */
  const openWithout = (credential: Credential, onRevoke: () => void = () => {}) =>
    fixture.openLoaded({
      secretLimits,
      onRequest(request: HttpRequest) {
        if (!request.url.endsWith("/revoke")) return;
        onRevoke();
        if (JSON.stringify(request).includes(fixture.tokenOf(credential))) throw new Error("offline");
      },
    });
  /** Answers the reads of the record by their number. */
  const answerRecord = (answer: (read: number) => Promise<string | undefined> | undefined) => {
    let reads = 0;
    fixture.secrets.get = (key) => {
      if (key !== fixture.recordKey) return get.call(fixture.secrets, key);
      reads += 1;
      return answer(reads) ?? get.call(fixture.secrets, key);
    };
  };

  it("stays where it is the only place of the token of another ended sign-in", async () => {
    const other = { ...(await fixture.credential()), signedInAt: signedIn.signedInAt - 5 };
    const window = await openWithout(other, () => store(other));
    const ending = (await window.signOut.begin(signedIn.id)) ?? assert.fail();
    const { store: write } = fixture.secrets;
    fixture.secrets.store = (key, value) =>
      key === fixture.listKey ? Promise.reject(new Error("locked")) : write.call(fixture.secrets, key, value);
    assert.equal((await window.signOut.finish(ending)).isStored, true);
    assert.deepEqual(fate(other), [true, [fixture.recordKey]]);
  });

  it("is not deleted unrevoked when it read as missing before", async () => {
    answerRecord(() => Promise.reject(new Error("locked")));
    const window = fixture.open({ secretLimits });
    await window.accounts.load().catch(() => {});
    assert.equal((await fixture.signOut(window)).signIn, "failed");
    answerRecord((read) => (read <= 3 ? Promise.resolve(undefined) : undefined));
    await fixture.clock.advance(minute);
    await soon(() => assert.ok(window.lines.at(-1)?.endsWith("trying again in 5 min")));
    assert.deepEqual(fate(signedIn), [true, [fixture.recordKey]]);
    await fixture.clock.advance(5 * minute);
    await soon(() => assert.deepEqual([fate(signedIn), fixture.left()], [[false, []], []]));
  });

  it("is not deleted unseen: it may be that of a new sign-in", async () => {
    const window = await fixture.openLoaded({ secretLimits });
    const ending = (await window.signOut.begin(signedIn.id)) ?? assert.fail();
    const next = { ...(await fixture.credential()), signedInAt: ending.signedInAt + 10 };
    store(next);
    answerRecord((read) => (read === 2 ? Promise.reject(new Error("busy")) : undefined));
    assert.equal((await window.signOut.finish(ending)).isStored, true);
    assert.deepEqual(fate(next), [true, [fixture.recordKey]]);
  });

  it("is ended where it was restored as a later one, although its token could not be revoked", async () => {
    const window = await openWithout(signedIn);
    const ending = (await window.signOut.begin(signedIn.id)) ?? assert.fail();
    store({ ...signedIn, signedInAt: ending.signedInAt + 1 });
    assert.deepEqual(await window.signOut.finish(ending), { signIn: "failed", earlier: undefined, isStored: false });
    assert.deepEqual(fate(signedIn), [true, [fixture.listKey]]);
    const next = await fixture.restart();
    assert.deepEqual([fate(signedIn), next.accounts.state.accounts], [[false, []], []]);
  });

  for (const when of ["before", "while"] as const) {
    it(`is not one that somebody has signed out of ${when} it is restored after a failed sign-in`, async () => {
      const { secrets, window } = fixture;
      const { store: write } = secrets;
      const failed = await fixture.credential();
      const endElsewhere = () => {
        const { index = noAccounts } = parseIndex(secrets.values.get("accounts"));
        secrets.values.set("accounts", JSON.stringify(withoutAccount(index, failed, { left: true })));
      };
      let hasFailed = false;
      secrets.store = (key, value) => {
        const isIndex = key === "accounts" && !hasFailed;
        if ((isIndex && when === "before") || (hasFailed && key === fixture.recordKey)) endElsewhere();
        hasFailed ||= isIndex;
        return isIndex ? Promise.reject(new Error("locked")) : write.call(secrets, key, value);
      };
      await assert.rejects(window.accounts.storeSignIn(failed), is("saveFailed"));
      await window.accounts.reload();
      assert.deepEqual([window.accounts.state.accounts, fixture.left().length], [[], 1]);
      const next = await fixture.openLoaded({ secretLimits });
      next.start();
      await eventually(async () => {
        await fixture.clock.advance(minute);
        assert.deepEqual([fate(signedIn), fate(failed), fixture.left()], [[false, []], [false, []], []]);
      });
      assert.deepEqual(next.accounts.state.accounts, []);
    });
  }
});
