import assert from "node:assert/strict";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { expireTokens } from "../../stress/expiry.ts";
import { createAccountFixture, credentialFor } from "../../support/accountFixture.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";

/** Longer than the access token lives (ten days), so that it has expired. */
const elevenDays = 11 * 24 * 60 * 60_000;

describe("Many callers at the expiry of the access token", () => {
  let issuer: TestIssuer;
  let folder: ReturnType<typeof temporaryDirectory>;

  beforeEach(async () => {
    issuer = await startIssuer();
    folder = temporaryDirectory();
  });
  afterEach(async () => {
    await issuer.close();
    await folder.remove();
  });

  const refreshes = () => issuer.recordsOf("refresh");

  it("of 10,000 in one window makes one refresh request, round after round", async () => {
    const clock = new ManualClock();
    const window = createAccountFixture({ secrets: new MemorySecrets(), directory: folder.path, clock });
    const tokens = await signInByHttp(issuer.issuer, "plus@example.com");
    await window.accounts.storeSignIn(credentialFor(issuer.issuer, tokens));
    for (let round = 1; round <= 5; round += 1) {
      clock.jump(elevenDays);
      const answers = await Promise.all(Array.from({ length: 10_000 }, () => window.source.get("chatgpt")));
      assert.equal(refreshes().length, round);
      assert.equal(new Set(answers.map(({ bearer }) => bearer)).size, 1);
      assert.equal(answers[0]?.bearer, window.accounts.entry()?.credential.tokens.accessToken);
    }
    assert.equal(issuer.recordsOf("reuseDetected").length, 0);
  });

  it("of 500 in each of 8 processes makes one refresh request, over 200 rounds", async function () {
    this.timeout(120_000);
    const { rounds, refreshes, reused, violations } = await expireTokens({ rounds: 200, callers: 500 });
    assert.deepEqual(violations, []);
    assert.deepEqual({ rounds, refreshes, reused }, { rounds: 200, refreshes: 200, reused: 0 });
  });

  it("of 8 processes makes one refresh request also while somebody deletes the locks", async function () {
    this.timeout(120_000);
    const { refreshes, reused, violations } = await expireTokens({ rounds: 15, deleteLocks: true });
    assert.deepEqual(violations, []);
    assert.deepEqual({ refreshes, reused }, { refreshes: 15, reused: 0 });
  });
});
