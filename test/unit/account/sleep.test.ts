import assert from "node:assert/strict";
import { clockOffset, mayBeOld } from "../../../src/oauth/clockOffset.ts";
import { newCredential } from "../../../src/signin/redeem.ts";
import { signInByHttp } from "../../issuer/login.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { createFixture, credentialOf, type Fixture, is, lifetime, minute } from "./fixture.ts";

const hour = 60 * minute;

describe("The computer sleeps while a refresh is under way", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  const refreshes = () => fixture.issuer.recordsOf("refresh").length;
  /** Sleeps as the clocks of one system or another tell it. */
  const sleep = (ms: number, isCounted: boolean) => {
    if (isCounted) fixture.clock.jump(ms);
    else fixture.clock.setWall(ms);
  };
  /** The time of the issuer goes on with ours. */
  const bringIssuerUp = () => fixture.issuer.setClockSkew((fixture.clock.now() - Date.now()) / 1000);

  /** Somebody is signed in, the token is about to expire, and the computer sleeps at the next answer. */
  async function aboutToExpire(ms: number, { isCounted = false, leftMs = 3 * minute } = {}) {
    let isAsleep = false;
    const window = await fixture.signedIn("plus@example.com", {
      onAnswer: () => {
        if (isAsleep) return;
        isAsleep = true;
        sleep(ms, isCounted);
        bringIssuerUp();
      },
    });
    await window.source.get("chatgpt");
    fixture.clock.jump(lifetime - leftMs);
    bringIssuerUp();
    return window;
  }

  for (const isCounted of [false, true]) {
    const how = isCounted ? "counts" : "does not count";
    for (const [name, ms] of [
      ["ten hours longer than a token lives", lifetime + 10 * hour],
      ["a little longer than a token lives", lifetime + minute],
    ] as const) {
      it(`for ${name}: the token of the old answer is not used (sleep ${how})`, async () => {
        const { source, accounts } = await aboutToExpire(ms, { isCounted });
        const { bearer } = await source.get("chatgpt");
        assert.equal(refreshes(), 2);
        const { expiresAt = 0 } = accounts.entry()?.claims ?? {};
        assert.equal(bearer, accounts.entry()?.credential.tokens.accessToken);
        assert.ok(expiresAt > fixture.clock.now() + lifetime - minute, "it is a new one");
      });
    }

    it(`for a night: nothing is learned of the issuer's clock from the old answer (sleep ${how})`, async () => {
      const window = await aboutToExpire(10 * hour, { isCounted });
      await window.source.get("chatgpt");
      assert.equal(refreshes(), 1);
      assert.equal(credentialOf(window).clockOffset, 0);
    });

    it(`and the refresh fails: a token that has expired meanwhile is not used (sleep ${how})`, async () => {
      const window = await aboutToExpire(10 * hour, { isCounted });
      fixture.issuer.faults.set("token", { kind: "serverError", times: 1 });
      await assert.rejects(window.source.get("chatgpt"), is("serviceFailed"));
    });

    it(`for a minute: a token that is still good is used when the refresh fails (sleep ${how})`, async () => {
      const window = await aboutToExpire(minute, { isCounted });
      const { accessToken } = credentialOf(window).tokens;
      fixture.issuer.faults.set("token", { kind: "serverError", times: 1 });
      assert.equal((await window.source.get("chatgpt")).bearer, accessToken);
    });
  }

  it("and the refresh goes on: whoever has waited long enough does not get a token that has expired meanwhile", async () => {
    const held = Promise.withResolvers<void>();
    const window = await fixture.signedIn();
    await window.source.get("chatgpt");
    fixture.clock.jump(lifetime - 3 * minute);
    bringIssuerUp();
    const old = credentialOf(window).tokens.accessToken;
    const holding = window.lock.hold(credentialOf(window).id, () => held.promise);
    const asked = window.source.get("chatgpt");
    await fixture.clock.advance(1_000);
    sleep(10 * hour, false);
    bringIssuerUp();
    await fixture.clock.advance(5_000);
    held.resolve();
    await holding;
    assert.notEqual((await asked).bearer, old);
  });

  it("in another window that refreshes: the token of the old answer is not used here either", async () => {
    const window = await aboutToExpire(lifetime + hour);
    const other = await fixture.openLoaded();
    const seen = credentialOf(window);
    await window.refresher.refresh(seen);
    assert.equal(refreshes(), 1);
    const stored = fixture.secrets.values.get(`credential.${seen.id}`);
    const { bearer } = await other.source.get("chatgpt");
    assert.ok(bearer !== seen.tokens.accessToken && !stored?.includes(bearer));
    assert.equal(refreshes(), 2);
  });

  it("that follows a refused request: the token of the old answer is not used", async () => {
    const { source } = await aboutToExpire(lifetime + hour, { leftMs: 2 * hour });
    const refused = await source.get("chatgpt");
    await source.rejected(refused);
    assert.equal(refreshes(), 2);
  });
});

describe("A sign-in whose answer was handled after a sleep", () => {
  it("tells nothing of the issuer's clock, one that was handled at once does", async () => {
    const fixture = await createFixture();
    try {
      const given = await signInByHttp(fixture.issuer.issuer, "plus@example.com");
      const tokens = { idToken: given.id_token, accessToken: given.access_token, refreshToken: given.refresh_token };
      const offsetAfter = (ms: number) => {
        const clock = new ManualClock();
        const askedAt = clock.now();
        clock.setWall(ms);
        const date = new Date(askedAt).toUTCString();
        return newCredential(fixture.issuer.issuer, { ...tokens, date, askedAt }, () => undefined, clock).clockOffset;
      };
      assert.deepEqual([36_000, 10 * hour].map(offsetAfter), [0, 0]);
      assert.ok(offsetAfter(20_000) < -15_000);
    } finally {
      await fixture.dispose();
    }
  });

  it("may be old only when it took longer than a request lasts", () => {
    const clock = new ManualClock();
    const askedAt = clock.now();
    assert.deepEqual(
      [undefined, askedAt, askedAt - 30_000, askedAt + hour].map((at) => mayBeOld(clock, at)),
      [...[false, false, false, false]],
    );
    assert.equal(mayBeOld(clock, askedAt - 40_000), true);
    assert.equal(clockOffset(clock, undefined, undefined), undefined);
  });
});
