import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../../src/platform/clock.ts";
import { createFixture, credentialOf, type Fixture } from "./fixture.ts";

describe("A refresh without a lock that can be relied on", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  const refreshes = () => fixture.issuer.recordsOf("refresh").length;
  const reuses = () => fixture.issuer.recordsOf("reuseDetected").length;

  /** Removes every lock again and again, as a program that cleans up might. Returns what ends that. */
  function removeLocks(): () => Promise<void> {
    let ended = false;
    const running = (async () => {
      while (!ended) {
        for (const name of await readdir(fixture.folder)) {
          if (name.endsWith(".lock")) await rm(join(fixture.folder, name), { recursive: true, force: true });
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    return () => {
      ended = true;
      return running;
    };
  }

  it("is one for 8 windows whose locks are removed while they refresh, round after round", async () => {
    await fixture.signedIn();
    const windows = await Promise.all(Array.from({ length: 8 }, () => fixture.openLoaded({ clock: systemClock })));
    const end = removeLocks();
    try {
      for (let round = 1; round <= 3; round += 1) {
        fixture.issuer.faults.set("token", { kind: "slow", delayMs: 300, times: 1, grant: "refresh_token" });
        const entries = await Promise.all(windows.map((window) => window.refresher.refresh(credentialOf(window))));
        assert.equal(new Set(entries.map(({ credential }) => credential.tokens.accessToken)).size, 1);
        assert.deepEqual([refreshes(), reuses()], [round, 0]);
        await Promise.all(windows.map((window) => window.refresher.settle()));
      }
    } finally {
      await end();
    }
    const left = (await readdir(fixture.folder)).filter((name) => name.startsWith("spending-"));
    assert.deepEqual(left, []);
  });

  it("leaves no claim behind when it fails, so that nobody has to wait", async () => {
    const window = await fixture.signedIn();
    const other = await fixture.openLoaded();
    const seen = credentialOf(window);
    for (const fault of [{ kind: "serverError" }, { kind: "closeBefore" }, { kind: "region" }] as const) {
      fixture.issuer.faults.set("token", fault);
      await assert.rejects(window.refresher.refresh(seen));
      await window.refresher.settle();
      assert.deepEqual(
        (await readdir(fixture.folder)).filter((name) => name.startsWith("spending-")),
        [],
      );
    }
    fixture.issuer.faults.clear();
    // By this clock nobody waits for anything.
    await other.refresher.refresh(seen);
    assert.equal(refreshes(), 1);
  });

  it("has its claim before the request goes out", async () => {
    const window = await fixture.signedIn();
    const { send } = window.http;
    const claims: number[] = [];
    window.http.send = async (request) => {
      claims.push((await readdir(fixture.folder)).filter((name) => name.startsWith("spending-")).length);
      return send(request);
    };
    await window.refresher.refresh(credentialOf(window));
    assert.deepEqual(claims, [1]);
  });

  it("goes on where nothing can be noted", async () => {
    const window = await fixture.signedIn();
    const seen = credentialOf(window);
    window.refreshNotes.write = () => Promise.reject(new Error("read-only"));
    const { credential } = await window.refresher.refresh(seen);
    assert.equal(credential.sequence, 1);
  });

  it("waits for a window that lost the lock while the issuer's answer is still to come", async () => {
    const [one, other] = [await fixture.signedIn(), fixture.open({ lockTimes: { staleMs: 300 } })];
    await other.accounts.load();
    const seen = credentialOf(other);
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 900, times: 1 });
    const first = one.refresher.refresh(seen);
    await fixture.issuer.waitForRecord("fault");
    // The other window sees no sign of life for as long as it takes to consider a holder dead.
    const second = other.refresher.refresh(seen);
    const refreshed = await first;
    await fixture.clock.advance(1_000);
    assert.equal((await second).credential.tokens.accessToken, refreshed.credential.tokens.accessToken);
    assert.equal(refreshes(), 1);
    assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
  });
});
