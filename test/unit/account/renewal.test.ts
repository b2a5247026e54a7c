import assert from "node:assert/strict";
import { scheduleRenewal } from "../../../src/account/renewal.ts";
import { type Bed, createBed, day, lifetime, minute } from "./bed.ts";

describe("The renewal of the active account's tokens", () => {
  let bed: Bed;
  beforeEach(async () => {
    bed = await createBed();
  });
  afterEach(() => bed.dispose());

  const refreshes = () => bed.issuer.recordsOf("refresh").length;

  /** Lets what a timer started run to its end. */
  async function until(condition: () => boolean): Promise<void> {
    const end = Date.now() + 5_000;
    while (!condition()) {
      assert.ok(Date.now() < end, "it did not happen in time");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it("has one timer while somebody is signed in, and none while nobody is", async () => {
    const { accounts, source, log } = bed.open();
    await accounts.load();
    const renewal = scheduleRenewal(accounts, source, bed.clock, log);
    assert.equal(bed.clock.pending, 0);
    await accounts.put(await bed.credential("plus@example.com"), { activate: true });
    assert.equal(bed.clock.pending, 1);
    await accounts.put(await bed.credential("team@example.com"), { activate: true });
    await source.get("chatgpt");
    assert.equal(bed.clock.pending, 1);
    for (const { id } of accounts.state.accounts) await accounts.remove(id);
    assert.equal(bed.clock.pending, 0);
    renewal.dispose();
  });

  it("does nothing while it is idle, and renews once when that is due", async () => {
    const { accounts, source, log } = await bed.signedIn();
    const renewal = scheduleRenewal(accounts, source, bed.clock, log);
    await bed.clock.advance(lifetime - 6 * minute);
    assert.equal(refreshes(), 0);
    await bed.clock.advance(2 * minute);
    await until(() => accounts.entry()?.credential.sequence === 1 && bed.clock.pending === 1);
    assert.equal(refreshes(), 1);
    renewal.dispose();
    assert.equal(bed.clock.pending, 0);
  });

  it("tries again later when the issuer fails, and stops when only a sign-in helps", async () => {
    const { accounts, source, log } = await bed.signedIn();
    const renewal = scheduleRenewal(accounts, source, bed.clock, log);
    bed.issuer.faults.set("token", { kind: "serverError", times: 1 });
    await bed.clock.advance(11 * day);
    await until(() => bed.issuer.recordsOf("fault").length === 1 && bed.clock.pending === 1);
    bed.issuer.faults.set("token", { kind: "status", status: 401, code: "refresh_token_expired" });
    await bed.clock.advance(6 * minute);
    await until(() => accounts.state.active?.rejected !== undefined);
    assert.equal(accounts.state.active?.rejected, "expired");
    await bed.clock.advance(0);
    assert.equal(bed.clock.pending, 0);
    renewal.dispose();
  });

  it("sets no timer any more once it has been disposed of, even if it was at work", async () => {
    const { accounts, source, log } = await bed.signedIn();
    const renewal = scheduleRenewal(accounts, source, bed.clock, log);
    bed.issuer.faults.set("token", { kind: "slow", delayMs: 100 });
    await bed.clock.advance(11 * day);
    renewal.dispose();
    await until(() => accounts.entry()?.credential.sequence === 1);
    await bed.clock.advance(0);
    assert.equal(bed.clock.pending, 0);
  });
});
