// One window in another process: its parent tells it what to do, and may kill it at any moment.
import { openSync, writeSync } from "node:fs";
import { systemClock } from "../../src/platform/clock.ts";
import { createAccountFixture } from "./accountFixture.ts";
import { FileSecrets } from "./fileSecrets.ts";

export interface WorkerSetup {
  secrets: string;
  directory: string;
  storeMs?: number;
  /** A file that lists the phases that have begun, to be read after a kill: `answered`, `stored`. */
  phases?: string;
}

/** How often to ask for the access token at once, and how far ahead the clock is. */
export interface WorkerOrder {
  callers: number;
  aheadMs: number;
}

/** The outcome; times are of this computer's clock, so that those of several processes can be compared. */
export interface WorkerReport {
  served: number;
  /** Different tokens that callers got. */
  tokens: number;
  problems: string[];
  startedAt: number;
  endedAt: number;
  /** When the issuer's last answer had come. */
  answeredAt: number;
  /** When the last secret was stored. */
  storedAt: number;
  /** How long that store took, ms. */
  storeTook: number;
}

const setup = JSON.parse(process.argv[2] ?? "") as WorkerSetup;
let aheadMs = 0;
const now = () => performance.timeOrigin + performance.now();
const file = setup.phases === undefined ? undefined : openSync(setup.phases, "a");
/** Written at once, so that a kill right afterwards loses nothing. */
const enter = (phase: string) => {
  if (file !== undefined) writeSync(file, `${phase}\n`);
};
let answeredAt = 0;
const secrets = new FileSecrets(setup.secrets, setup.storeMs, () => enter("stored"));
const window = createAccountFixture({
  secrets,
  directory: setup.directory,
  onAnswer() {
    answeredAt = now();
    enter("answered");
  },
  clock: { ...systemClock, now: () => Date.now() + aheadMs },
});

process.on("message", async (order: WorkerOrder) => {
  aheadMs = order.aheadMs;
  const startedAt = now();
  const asked = Array.from({ length: order.callers }, () => window.source.get("chatgpt"));
  const answers = await Promise.allSettled(asked);
  const served = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.bearer] : []));
  const problems = answers.flatMap((answer) => (answer.status === "rejected" ? [String(answer.reason)] : []));
  const report: WorkerReport = {
    served: served.length,
    tokens: new Set(served).size,
    problems: [...new Set(problems)],
    startedAt,
    endedAt: now(),
    answeredAt,
    storedAt: secrets.storedAt,
    storeTook: secrets.storeTook,
  };
  // Other windows find out a little later; if this process ended now, they would have to wait.
  await window.refresher.settle();
  process.send?.(report);
});

await Promise.all([window.http.prepare(), window.accounts.load()]);
process.send?.("ready");
