import assert from "node:assert/strict";
import type { Credential, HeldCredential } from "../../../src/account/credential.ts";
import { FreshTokens } from "../../../src/account/freshTokens.ts";
import type { Refresher } from "../../../src/account/refresher.ts";
import { createEntry, type Entry } from "../../../src/account/state.ts";
import { TokenAges } from "../../../src/account/tokenAges.ts";
import { Problem } from "../../../src/shared/problem.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { eventually } from "../../support/timing.ts";
import { createFixture, type Fixture, is, lifetime, minute } from "./fixture.ts";

describe("A token for a request", () => {
  let fixture: Fixture;
  let clock: ManualClock;
  let credential: HeldCredential;
  let fresh: FreshTokens;
  let asked: number;
  /** What a refresh comes to. */
  let answer: () => Promise<Entry>;
  before(async () => {
    fixture = await createFixture();
    credential = await fixture.credential();
  });
  after(() => fixture.dispose());
  beforeEach(() => {
    clock = new ManualClock(fixture.clock.now());
    asked = 0;
    answer = async () => createEntry({ ...credential, receivedAt: clock.now(), sequence: 1 });
    const refresher: Pick<Refresher, "refresh"> = {
      refresh: () => {
        asked += 1;
        return answer();
      },
    };
    fresh = new FreshTokens({ refresher: refresher as Refresher, ages: new TokenAges(clock), clock });
  });
  const freshen = (changes: Partial<Credential> = {}) =>
    fresh.freshen(createEntry({ ...credential, ...changes } as Credential));

  it("is not one of a login that the issuer has rejected, although it has not expired", async () => {
    for (const rejected of ["expired", "reused", "revoked", "rejected"] as const) {
      await assert.rejects(freshen({ rejected }), is("needsSignIn"));
    }
    assert.equal(asked, 0);
  });

  it("is refreshed once however many ask, and so is the failure of that counted", async () => {
    await clock.advance(lifetime + minute);
    answer = () => Promise.reject(new Problem("unreachable"));
    const outcomes = await Promise.allSettled([freshen(), freshen(), freshen()]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["rejected", "rejected", "rejected"],
    );
    assert.equal(asked, 1);
    // One failure is waited for 5 s.
    await clock.advance(5_000);
    await assert.rejects(freshen(), is("unreachable"));
    assert.equal(asked, 2);
  });

  it("is not one that has expired, while the next refresh has to wait as well", async () => {
    await clock.advance(lifetime + minute);
    answer = () => Promise.reject(new Problem("unreachable"));
    await assert.rejects(freshen(), is("unreachable"));
    await assert.rejects(freshen(), is("unreachable"));
    assert.equal(asked, 1);
  });

  it("is the one that is still good, where the issuer cannot be reached", async () => {
    await clock.advance(lifetime - 2 * minute);
    answer = () => Promise.reject(new Problem("unreachable"));
    for (let times = 0; times < 3; times += 1) {
      assert.equal((await freshen()).credential.tokens.accessToken, credential.tokens.accessToken);
    }
    assert.equal(asked, 1);
  });
});

describe("The tokens of a refresh during which somebody has signed out", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  for (const [origin, revoked] of [
    ["own", 1],
    ["copied", 0],
  ] as const) {
    it(`are ${revoked ? "revoked" : "the Codex CLI's as well, and are not revoked"} (${origin})`, async () => {
      const window = fixture.open();
      await window.accounts.storeSignIn({ ...(await fixture.credential()), origin });
      const entry = window.accounts.entry();
      assert.ok(entry);
      const other = await fixture.openLoaded();
      fixture.issuer.faults.set("token", { kind: "slow", delayMs: 300, times: 1 });
      const refreshing = window.refresher.refresh(entry.credential);
      await fixture.issuer.waitForRecord("fault");
      await other.accounts.end(entry.account.id);
      await refreshing;
      // The window has noticed the sign-out, and has done what follows from it.
      await eventually(async () => {
        assert.equal(window.accounts.entry(), undefined);
        const note = await window.refreshNotes.read(entry.credential);
        assert.equal(note, undefined);
      });
      await window.refresher.settle();
      assert.equal(fixture.issuer.recordsOf("revoke").length, revoked);
    });
  }
});
