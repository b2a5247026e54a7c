import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import type { HttpRequest } from "../../../src/platform/httpClient.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { minute } from "./fixture.ts";
import { createSignOutFixture, type SignOutFixture, soon } from "./signOutFixture.ts";

describe("What a sign-out has left, when it is tried again,", () => {
  let fixture: SignOutFixture;
  let signedIn: Credential;
  let window: AccountFixture;
  /** Called with the next request for a revocation, before it is sent. */
  let onRevoke: (() => unknown) | undefined;
  let asked: string[];

  beforeEach(async () => {
    fixture = await createSignOutFixture();
    ({ signedIn } = fixture);
    onRevoke = undefined;
    asked = [];
    const onRequest = ({ url }: HttpRequest) => {
      if (!url.endsWith("/revoke")) return;
      asked.push(url);
      const act = onRevoke;
      onRevoke = undefined;
      act?.();
    };
    window = await fixture.openLoaded({ onRequest });
  });
  afterEach(() => fixture.dispose());

  /** A sign-out whose token could not be revoked. */
  const signOutInVain = async () => {
    fixture.issuer.faults.set("revoke", { kind: "serverError", times: 1 });
    assert.equal((await fixture.signOut(window)).signIn, "failed");
  };

  /** How often this window has begun to wait for another try. */
  const waits = () => window.lines.filter((line) => line.startsWith("Something of a sign-out is left")).length;

  it("does not hide what fails meanwhile", async () => {
    await signOutInVain();
    const unreachable = { issuer: "http://127.0.0.1:1", refreshToken: "rt" };
    const discarded = Promise.withResolvers<boolean>();
    onRevoke = () => discarded.resolve(window.signOut.discard("0123456789abcdef", unreachable));
    await fixture.clock.advance(minute);
    assert.equal(await discarded.promise, false);
    await soon(() => assert.deepEqual([fixture.isAlive(signedIn), fixture.keysWith(signedIn)], [false, []]));
    const before = asked.length;
    await soon(() => assert.equal(waits(), 2));
    await fixture.clock.advance(5 * minute);
    await soon(() => assert.ok(asked.length > before));
  });

  it("is not over while the index could not be written", async () => {
    await signOutInVain();
    onRevoke = () => fixture.secrets.script("store", "accounts", "rejects");
    await fixture.clock.advance(minute);
    await soon(() => assert.equal(waits(), 2));
    assert.deepEqual([fixture.isAlive(signedIn), fixture.left().length], [false, 1]);
    await fixture.clock.advance(5 * minute);
    await soon(() => assert.deepEqual(fixture.left(), []));
  });

  it("belongs to the next sign-out when somebody has signed in again in another window", async () => {
    await signOutInVain();
    const other = await fixture.openLoaded();
    fixture.clock.jump(minute);
    await other.accounts.storeSignIn(await fixture.credential());
    const before = asked.length;
    await fixture.clock.advance(minute);
    await soon(() => assert.equal(fixture.clock.pending, 0));
    assert.deepEqual([asked.length, fixture.isAlive(signedIn)], [before, true]);
    assert.deepEqual(await fixture.signOut(other), { signIn: "revoked", earlier: "revoked", isStored: false });
    assert.equal(fixture.isAlive(signedIn), false);
  });

  it("is not a token that was noted after the sign-out", async () => {
    const later = await fixture.credential("team@example.com");
    const token = { issuer: later.issuer, refreshToken: fixture.tokenOf(later) };
    onRevoke = () => fixture.secrets.values.set(fixture.listKey, JSON.stringify({ version: 1, tokens: [token] }));
    await fixture.signOut(window);
    assert.deepEqual([fixture.isAlive(signedIn), fixture.isAlive(later)], [false, true]);
    assert.deepEqual(fixture.keysWith(later), [fixture.listKey]);
  });
});
