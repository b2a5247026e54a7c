import assert from "node:assert/strict";
import { describeKills, killWindows } from "../../stress/kills.ts";

/** Enough at each run; `npm run stress -- --kills 1000` looks longer. */
const kills = Number(process.env.KILLS ?? 100);
/** From the issuer's answer to the stored record, at most so many times as long as the store alone takes. */
const windowFactor = 2;

describe("A window that is killed while it refreshes the access token", () => {
  it(`leaves an account that works, ${kills} times, but for the moment between the issuer's answer and the save`, async function () {
    this.timeout(240_000);
    const figures = await killWindows(kills);
    console.log(`      ${describeKills(figures)}`);
    const { unharmed, saved, lost, lostOnTheWay, leastFactor } = figures;
    assert.equal(unharmed + saved + lost + lostOnTheWay, kills);
    // Nothing but the store is waited for before a record is stored.
    assert.ok(leastFactor <= windowFactor, `the window is ${leastFactor} times as long as its store`);
    // Kills that all fell on one side would have shown nothing.
    assert.ok(unharmed > 0 && saved > 0);
  });
});
