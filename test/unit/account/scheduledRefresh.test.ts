import assert from "node:assert/strict";
import type { CredentialSource } from "../../../src/account/credentialSource.ts";
import { scheduleRefresh } from "../../../src/account/scheduledRefresh.ts";
import { createFixture, day, type Fixture, lifetime, minute } from "./fixture.ts";

describe("The scheduled refresh of the active account's tokens", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  const refreshes = () => fixture.issuer.recordsOf("refresh").length;

  /** Lets what a timer started run to its end. */
  async function until(condition: () => boolean): Promise<void> {
    const end = Date.now() + 5_000;
    while (!condition()) {
      assert.ok(Date.now() < end, "it did not happen in time");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it("has one timer while somebody is signed in, and none while nobody is", async () => {
    const window = await fixture.openLoaded();
    const { accounts, source, signOutAccount } = window;
    window.start();
    assert.equal(fixture.clock.pending, 0);
    await accounts.storeSignIn(await fixture.credential("plus@example.com"));
    assert.equal(fixture.clock.pending, 1);
    await accounts.storeSignIn(await fixture.credential("team@example.com"));
    await source.get("chatgpt");
    assert.equal(fixture.clock.pending, 1);
    for (const { id } of accounts.state.accounts) await signOutAccount(id);
    assert.equal(fixture.clock.pending, 0);
    await window.dispose();
  });

  it("does nothing until it is due, and then refreshes once", async () => {
    const window = await fixture.signedIn();
    const { accounts } = window;
    window.start();
    await fixture.clock.advance(lifetime - 6 * minute);
    assert.equal(refreshes(), 0);
    await fixture.clock.advance(2 * minute);
    await until(() => accounts.entry()?.credential.sequence === 1 && fixture.clock.pending === 1);
    assert.equal(refreshes(), 1);
    await window.dispose();
    assert.equal(fixture.clock.pending, 0);
  });

  it("tries again later when the issuer fails, and stops when only a sign-in helps", async () => {
    const window = await fixture.signedIn();
    const { accounts } = window;
    window.start();
    fixture.issuer.faults.set("token", { kind: "serverError", times: 1 });
    await fixture.clock.advance(11 * day);
    await until(() => fixture.issuer.recordsOf("fault").length === 1 && fixture.clock.pending === 1);
    fixture.issuer.faults.set("token", { kind: "status", status: 401, code: "refresh_token_expired" });
    await fixture.clock.advance(6 * minute);
    await until(() => accounts.state.active?.rejected !== undefined);
    assert.equal(accounts.state.active?.rejected, "expired");
    await fixture.clock.advance(0);
    assert.equal(fixture.clock.pending, 0);
    await window.dispose();
  });

  it("leaves an account alone that may not be used, without a word, and refreshes it when it may be", async () => {
    let allowed = ["another-workspace"];
    const window = await fixture.signedIn("plus@example.com", { allowedWorkspaces: () => allowed });
    const { accounts, lines } = window;
    window.start();
    for (const ms of [11 * day, 6 * minute, 6 * minute]) {
      await fixture.clock.advance(ms);
      await until(() => fixture.clock.pending === 1);
    }
    assert.deepEqual([refreshes(), accounts.entry()?.credential.sequence], [0, 0]);
    assert.ok(!lines.some((line) => line.includes("not refreshed")), lines.join("\n"));
    allowed = [];
    await fixture.clock.advance(6 * minute);
    await until(() => accounts.entry()?.credential.sequence === 1);
    assert.equal(refreshes(), 1);
    await window.dispose();
  });

  it("does not refresh at once what another window has just refreshed, though by a wrong clock it is due", async () => {
    const { accounts, source, log } = await fixture.signedIn();
    let asked = 0;
    let isDue = false;
    const get = async () => {
      asked += 1;
      return source.get("chatgpt");
    };
    const always: Pick<CredentialSource, "isDue" | "dueAt" | "get"> = {
      isDue: () => isDue,
      dueAt: () => (isDue ? 0 : Number.POSITIVE_INFINITY),
      get,
    };
    const schedule = scheduleRefresh({ accounts, source: always, clock: fixture.clock, log });
    const { signedInAt } = accounts.entry()?.credential ?? assert.fail();
    isDue = true;
    const refreshed = { signedInAt, sequence: 1, lastRefreshAt: fixture.clock.now() };
    await accounts.store({ ...(await fixture.credential("plus@example.com")), ...refreshed });
    await fixture.clock.advance(4 * minute);
    assert.equal(asked, 0);
    await fixture.clock.advance(2 * minute);
    assert.equal(asked, 1);
    schedule.dispose();
  });

  it("sets no timer after the window was closed, even if a refresh was under way", async () => {
    const window = await fixture.signedIn();
    const { accounts } = window;
    window.start();
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 100 });
    await fixture.clock.advance(11 * day);
    const ended = window.dispose();
    await until(() => accounts.entry()?.credential.sequence === 1);
    await ended;
    await fixture.clock.advance(0);
    assert.equal(fixture.clock.pending, 0);
  });

  for (const [name, ms] of [
    ["the computer has slept until it was due", 11 * day],
    ["the clock was set back", -2 * day],
  ] as const) {
    it(`notices within minutes that ${name}`, async () => {
      const window = await fixture.signedIn();
      window.start();
      fixture.clock.setWall(ms);
      await fixture.clock.advance(6 * minute);
      await until(() => window.accounts.entry()?.credential.sequence === 1 && fixture.clock.pending === 1);
      await fixture.clock.advance(60 * minute);
      assert.equal(refreshes(), 1);
      await window.dispose();
    });
  }

  it("tries again after the same time when the clock is set while it waits", async () => {
    const window = await fixture.signedIn();
    window.start();
    const asked = () => fixture.issuer.recordsOf("fault").length;
    fixture.issuer.faults.set("token", { kind: "serverError" });
    await fixture.clock.advance(11 * day);
    for (const [index, ms] of [5 * day, -day, 0].entries()) {
      await until(() => asked() === index + 1 && fixture.clock.pending === 1);
      fixture.clock.setWall(ms);
      await fixture.clock.advance(4 * minute);
      assert.equal(asked(), index + 1);
      await fixture.clock.advance(2 * minute);
    }
    await window.dispose();
  });
});
