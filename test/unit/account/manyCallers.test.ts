import assert from "node:assert/strict";
import { join } from "node:path";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { createAccountFixture, credentialFor } from "../../support/accountFixture.ts";
import { AccountProcess, bundleWorker } from "../../support/accountProcess.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { FileSecrets } from "../../support/fileSecrets.ts";
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
    const rounds = 200;
    const secrets = join(folder.path, "secrets");
    const directory = join(folder.path, "shared");
    const first = createAccountFixture({ secrets: new FileSecrets(secrets), directory });
    const tokens = await signInByHttp(issuer.issuer, "plus@example.com");
    await first.accounts.storeSignIn(credentialFor(issuer.issuer, tokens));
    const worker = await bundleWorker(folder.path);
    const start = () => AccountProcess.start({ secrets, directory }, worker);
    const processes = await Promise.all(Array.from({ length: 8 }, start));
    try {
      for (let round = 1; round <= rounds; round += 1) {
        const order = { callers: 500, aheadMs: round * elevenDays };
        const reports = await Promise.all(processes.map((process) => process.ask(order)));
        assert.equal(refreshes().length, round, `refresh requests after round ${round}`);
        for (const { served, tokens: different, problems } of reports) {
          assert.deepEqual({ served, different, problems }, { served: 500, different: 1, problems: [] });
        }
      }
    } finally {
      await Promise.all(processes.map((process) => process.kill()));
    }
    assert.equal(issuer.recordsOf("reuseDetected").length, 0);
    await first.accounts.reload();
    assert.equal(first.accounts.state.active?.rejected, undefined);
    assert.equal(first.accounts.entry()?.credential.sequence, rounds);
  });
});
