import assert from "node:assert/strict";
import type { HeldCredential } from "../../../src/account/credential.ts";
import { createFixture, day, type Fixture, is, lifetime, minute } from "./fixture.ts";

const hour = 60 * minute;
const year = 365 * day;

describe("An access token", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  const refreshes = () => fixture.issuer.recordsOf("refresh").length;

  describe("after the clock was set back", () => {
    it("does not repeat an old failure until the clock has caught up", async () => {
      const { source } = await fixture.signedIn();
      fixture.issuer.faults.set("token", { kind: "serverError", times: 1 });
      fixture.clock.jump(400 * day);
      await assert.rejects(source.get("chatgpt"), is("serviceFailed"));
      fixture.clock.setWall(-300 * day);
      fixture.clock.jump(5_000);
      await source.get("chatgpt");
      assert.equal(refreshes(), 1);
    });

    for (const [name, before, back] of [
      ["by years", 0, 900 * day],
      ["to a time at which the token was there already", 9 * day, 2 * day],
    ] as const) {
      it(`(${name}) refreshes a token once, which may be older than the clock says`, async () => {
        const { source } = await fixture.signedIn();
        await source.get("chatgpt");
        fixture.clock.jump(before);
        const old = await source.get("chatgpt");
        fixture.clock.jump(-back);
        const refreshed = await source.get("chatgpt");
        assert.ok(refreshed.bearer !== old.bearer);
        assert.equal(await source.get("chatgpt"), refreshed);
        assert.equal(refreshes(), 1);
      });
    }

    it("by a little refreshes nothing, and without a network the token is used as before", async () => {
      const { source } = await fixture.signedIn();
      const old = await source.get("chatgpt");
      fixture.clock.jump(-4 * minute);
      assert.equal(await source.get("chatgpt"), old);
      fixture.issuer.faults.set("token", { kind: "serverError" });
      fixture.clock.jump(-day);
      assert.equal((await source.get("chatgpt")).bearer, old.bearer);
    });

    for (const back of [hour, 5 * day, 900 * day]) {
      it(`by ${back / hour} h, that has expired is not used, also when it cannot be refreshed`, async () => {
        const { source } = await fixture.signedIn();
        await source.get("chatgpt");
        fixture.clock.jump(lifetime + minute);
        fixture.issuer.faults.set("token", { kind: "serverError" });
        fixture.clock.setWall(-back);
        await assert.rejects(source.get("chatgpt"), is("serviceFailed"));
        fixture.issuer.faults.clear();
        fixture.clock.jump(minute);
        await source.get("chatgpt");
        assert.equal(refreshes(), 1);
      });
    }

    it("to before it came is refreshed once by a window that is opened then", async () => {
      await fixture.signedIn();
      fixture.clock.setWall(-hour);
      const { source } = await fixture.openLoaded();
      for (let times = 0; times < 3; times += 1) {
        await source.get("chatgpt");
        fixture.clock.jump(5 * minute);
      }
      assert.equal(refreshes(), 1);
    });
  });

  describe("whose record was stored by a clock that was wrong", () => {
    /** Somebody signed in while the clock was ahead by `ms`; a window is opened `later`, with the clock put right. */
    async function storedBy(ahead: number, later: number, isPutRight = true) {
      const credential: HeldCredential = await fixture.credential();
      const receivedAt = credential.receivedAt + ahead;
      const stored = { ...credential, signedInAt: receivedAt, receivedAt, clockOffset: -ahead };
      await fixture.open().accounts.storeSignIn(stored);
      fixture.clock.jump(later);
      if (!isPutRight) fixture.clock.setWall(ahead);
      const window = await fixture.openLoaded();
      return { ...window, old: credential.tokens.accessToken };
    }

    for (const [name, ahead] of [
      ["three hours ahead", 3 * hour],
      ["two days ahead", 2 * day],
      ["three years ahead", 3 * year],
    ] as const) {
      it(`(${name}) is refreshed before it expires, and no more than once`, async () => {
        const { source, old } = await storedBy(ahead, lifetime - 3 * minute);
        assert.notEqual((await source.get("chatgpt")).bearer, old);
        for (let times = 0; times < 3; times += 1) {
          fixture.clock.jump(hour);
          await source.get("chatgpt");
        }
        assert.equal(refreshes(), 1);
      });

      it(`(${name}) and still is, is refreshed once at the most`, async () => {
        const { source } = await storedBy(ahead, 5 * day, false);
        for (let times = 0; times < 3; times += 1) {
          await source.get("chatgpt");
          fixture.clock.jump(hour);
        }
        assert.ok(refreshes() <= 1);
      });
    }

    for (const behind of [3 * hour, 3 * year]) {
      it(`(${behind / hour} h behind) is not due for ever`, async () => {
        const { source } = await storedBy(-behind, hour);
        for (let times = 0; times < 3; times += 1) {
          await source.get("chatgpt");
          fixture.clock.jump(hour);
        }
        assert.ok(refreshes() <= 1);
      });
    }
  });

  it("that has expired while the computer slept is refreshed", async () => {
    const { source } = await fixture.signedIn();
    const old = await source.get("chatgpt");
    fixture.clock.setWall(lifetime + hour);
    assert.notEqual((await source.get("chatgpt")).bearer, old.bearer);
    assert.equal(refreshes(), 1);
  });
});
