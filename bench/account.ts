// Reads of a credential while it is fresh, and many at once when it expires. Each beside its floor, in the same run.
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { IssuerControl } from "../test/issuer/control.ts";
import { signInByHttp } from "../test/issuer/login.ts";
import { createAccountFixture, credentialFor } from "../test/support/accountFixture.ts";
import { AccountProcess, bundleWorker } from "../test/support/accountProcess.ts";
import { temporaryDirectory } from "../test/support/cleanUp.ts";
import { FileSecrets } from "../test/support/fileSecrets.ts";
import { startIssuerProcess } from "../test/support/issuerProcess.ts";
import { ManualClock } from "../test/support/manualClock.ts";
import { MemorySecrets } from "../test/support/memorySecrets.ts";
import { median, ms, type Row } from "./table.ts";

/** Longer than the access token lives. */
const elevenDays = 11 * 24 * 60 * 60_000;
/** How long a store takes in VS Code's own SecretStorage, ms. */
const storeMs = 3;

export async function benchAccount(): Promise<Row[]> {
  return [
    ...(await measureWarmReads()),
    ...(await measureAtOnce()),
    ...(await measureSpread()),
    ...(await measureProcesses()),
  ];
}

/** Reads of a fresh access token, against an async function that returns a field. */
export async function measureWarmReads(): Promise<Row[]> {
  return withFixture(async ({ window }) => {
    const memory = { credential: await window.source.get("chatgpt") };
    const floor = async () => memory.credential;
    const ours = () => window.source.get("chatgpt");
    const perSecond = async (read: () => Promise<unknown>) => {
      const count = 500_000;
      const started = performance.now();
      for (let index = 0; index < count; index += 1) await read();
      return count / (performance.now() - started) / 1_000;
    };
    const [floors, reads]: [number[], number[]] = [[], []];
    for (let round = 0; round < 9; round += 1) {
      floors.push(await perSecond(floor));
      reads.push(await perSecond(ours));
    }
    const [least, most] = [median(reads), median(floors)];
    return [
      {
        what: "warm credential read",
        ours: `${least.toFixed(1)} M/s`,
        floor: `async () => field ${most.toFixed(1)} M/s`,
        value: most / least,
        limit: 3,
      },
    ];
  });
}

/** 1,000 calls at once when the access token has expired. */
export function measureAtOnce(): Promise<Row[]> {
  return measureBurst("1,000 calls at once", (ask) => Promise.all(Array.from({ length: 1_000 }, ask)));
}

/** 1,000 calls spread over the 100 ms after the access token has expired. */
export function measureSpread(): Promise<Row[]> {
  return measureBurst("1,000 calls over 100 ms", async (ask) => {
    const started = performance.now();
    const calls: Promise<number>[] = [];
    while (calls.length < 1_000) {
      const due = Math.min(1_000, Math.ceil((performance.now() - started) * 10));
      while (calls.length < due) calls.push(ask());
      await delay(1);
    }
    return Promise.all(calls);
  });
}

async function measureBurst(what: string, burst: (ask: () => Promise<number>) => Promise<number[]>): Promise<Row[]> {
  return withFixture(async ({ window, issuer, clock, secrets, bare }) => {
    const rounds = 60;
    const [last, floor]: [number[], number[]] = [[], []];
    let without = 0;
    const before = (await issuer.recordsOf("refresh")).length;
    // One of each to warm up, which counts as refreshes and not as measurements.
    for (let round = 0; round <= rounds; round += 1) {
      await window.refresher.settle();
      const alone = await bare();
      const storing = performance.now();
      await secrets.store("bench", "x".repeat(4_000));
      const least = alone + performance.now() - storing;
      clock.jump(elevenDays);
      const latencies = await burst(async () => {
        const started = performance.now();
        try {
          await window.source.get("chatgpt");
        } catch {
          without += 1;
        }
        return performance.now() - started;
      });
      if (round === 0) continue;
      floor.push(least);
      last.push(Math.max(...latencies));
    }
    const refreshes = ((await issuer.recordsOf("refresh")).length - before) / (rounds + 1) - 1;
    const [ours, least] = [median(last), median(floor)];
    return [
      {
        what: `${what}: last caller served`,
        ours: ms(ours),
        floor: `refresh + store ${ms(least)}`,
        // Each round against its own floor, so that other work of the computer counts for both.
        value: median(last.map((served, round) => served / (floor[round] ?? Number.NaN))),
        limit: 1.3,
      },
      {
        what: `${what}: refreshes`,
        ours: String(refreshes),
        floor: `${without} left without a token`,
        value: refreshes + without,
        limit: 1,
      },
    ];
  });
}

/** Four processes that ask at once when the access token has expired. */
export async function measureProcesses(): Promise<Row[]> {
  const issuer = await startIssuerProcess();
  const folder = temporaryDirectory();
  const setup = { secrets: join(folder.path, "secrets"), directory: join(folder.path, "shared"), storeMs };
  const window = createAccountFixture({ secrets: new FileSecrets(setup.secrets), directory: setup.directory });
  const tokens = await signInByHttp(issuer.origin, "plus@example.com");
  await window.accounts.storeSignIn(credentialFor(issuer.origin, tokens));
  const worker = await bundleWorker(folder.path);
  const processes = await Promise.all(Array.from({ length: 4 }, () => AccountProcess.start(setup, worker)));
  const rounds = 30;
  const behind: number[] = [];
  let without = 0;
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const order = { callers: 1, aheadMs: (round + 1) * elevenDays };
      const reports = await Promise.all(processes.map((process) => process.ask(order)));
      const ends = reports.map(({ endedAt }) => endedAt);
      if (round > 0) behind.push(Math.max(...ends) - Math.min(...ends));
      without += reports.filter(({ served }) => served !== 1).length;
    }
  } finally {
    await Promise.all(processes.map((process) => process.kill()));
  }
  const refreshes = (await issuer.control.recordsOf("refresh")).length / (rounds + 1);
  const signedOut = without + (await issuer.control.recordsOf("reuseDetected")).length;
  await issuer.close();
  await folder.remove();
  const late = median(behind);
  return [
    {
      what: "4 processes at once: last one served after the winner",
      ours: ms(late),
      floor: `the worst of ${rounds} ${ms(Math.max(...behind))}`,
      value: late,
      limit: 60,
    },
    {
      what: "4 processes at once: refreshes",
      ours: String(refreshes),
      floor: `${signedOut} signed out`,
      value: refreshes + signedOut,
      limit: 1,
    },
  ];
}

interface Fixture {
  window: ReturnType<typeof createAccountFixture>;
  issuer: IssuerControl;
  clock: ManualClock;
  secrets: MemorySecrets;
  /** Refreshes another account's tokens with the token endpoint alone; resolves with how long that took, ms. */
  bare: () => Promise<number>;
}

async function withFixture<T>(measure: (fixture: Fixture) => Promise<T>): Promise<T> {
  const issuer = await startIssuerProcess();
  const folder = temporaryDirectory();
  const clock = new ManualClock();
  const secrets = new MemorySecrets({ reliable: true });
  try {
    const window = createAccountFixture({ secrets, directory: folder.path, clock });
    const tokens = await signInByHttp(issuer.origin, "plus@example.com");
    await window.accounts.storeSignIn(credentialFor(issuer.origin, tokens, { now: clock.now() }));
    await window.http.prepare();
    let other = (await signInByHttp(issuer.origin, "team@example.com")).refresh_token;
    const bare = async () => {
      const started = performance.now();
      const { tokens: refreshed } = await window.tokenEndpoint(issuer.origin).refresh(other);
      const took = performance.now() - started;
      assert.ok(refreshed.refreshToken);
      other = refreshed.refreshToken;
      return took;
    };
    secrets.storeLatencyMs = storeMs;
    return await measure({ window, issuer: issuer.control, clock, secrets, bare });
  } finally {
    await issuer.close();
    await folder.remove();
  }
}
