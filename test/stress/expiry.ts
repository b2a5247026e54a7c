import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { signInByHttp } from "../issuer/login.ts";
import { createAccountFixture, credentialFor } from "../support/accountFixture.ts";
import { AccountProcess, bundleWorker } from "../support/accountProcess.ts";
import type { WorkerReport } from "../support/accountWorker.ts";
import { temporaryDirectory } from "../support/cleanUp.ts";
import { FileSecrets } from "../support/fileSecrets.ts";
import { type IssuerProcess, startIssuerProcess } from "../support/issuerProcess.ts";

/** Longer than the access token lives (ten days), so that it has expired. */
const elevenDays = 11 * 24 * 60 * 60_000;
const email = "plus@example.com";

export interface ExpiryOptions {
  rounds: number;
  /** Windows, each in a process of its own that lives over all rounds. */
  processes?: number;
  /** Calls in each of them, at once. */
  callers?: number;
  /** Deletes the folders of locks again and again during the rounds, as a cleaning program may. */
  deleteLocks?: boolean;
  /** Called after each round. */
  onRound?: (done: number) => void;
}

export interface ExpiryFigures {
  rounds: number;
  refreshes: number;
  /** Refresh tokens that were sent once more. */
  reused: number;
  /** What was not as it should be, by round. */
  violations: string[];
}

/**
 * Lets the access token expire, round after round, and lets all windows ask for it at once. Each round must take one
 * refresh, and serve every caller the same token.
 */
export async function expireTokens({ rounds, onRound = () => {}, ...options }: ExpiryOptions): Promise<ExpiryFigures> {
  const { processes = 8, callers = 50, deleteLocks = false } = options;
  const issuer = await startIssuerProcess();
  const folder = temporaryDirectory();
  const windows = new Windows(issuer, folder.path, processes);
  const figures: ExpiryFigures = { rounds: 0, refreshes: 0, reused: 0, violations: [] };
  try {
    await windows.start(0);
    for (let round = 1; round <= rounds; round += 1) {
      const aheadMs = round * elevenDays;
      await issuer.control.setClockSkew(aheadMs / 1000);
      const asking = windows.ask({ callers, aheadMs });
      if (deleteLocks) await deleteUntilDone(join(folder.path, "shared"), asking);
      const wrong = [...faultsOf(await asking, callers), ...(await count(issuer, figures))];
      figures.rounds = round;
      if (wrong.length > 0) {
        figures.violations.push(`round ${round}: ${wrong.join(", ")}`);
        // A sign-in that has ended would fail in all that follow.
        await windows.stop();
        await windows.start(aheadMs);
      }
      onRound(round);
    }
  } finally {
    await windows.stop();
    await issuer.close();
    await folder.remove();
  }
  return figures;
}

/** The windows of one person. */
class Windows {
  readonly #issuer: IssuerProcess;
  readonly #folder: string;
  readonly #count: number;
  #processes: AccountProcess[] = [];

  constructor(issuer: IssuerProcess, folder: string, count: number) {
    this.#issuer = issuer;
    this.#folder = folder;
    this.#count = count;
  }

  /** Signs in, and opens the windows. */
  async start(aheadMs: number): Promise<void> {
    const secrets = join(this.#folder, "secrets");
    const directory = join(this.#folder, "shared");
    const first = createAccountFixture({ secrets: new FileSecrets(secrets), directory });
    const tokens = await signInByHttp(this.#issuer.origin, email);
    const now = Date.now() + aheadMs;
    await first.accounts.storeSignIn(credentialFor(this.#issuer.origin, tokens, { now }));
    const worker = await bundleWorker(this.#folder);
    const start = () => AccountProcess.start({ secrets, directory }, worker);
    this.#processes = await Promise.all(Array.from({ length: this.#count }, start));
  }

  ask(order: { callers: number; aheadMs: number }): Promise<WorkerReport[]> {
    return Promise.all(this.#processes.map((process) => process.ask(order)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.splice(0).map((process) => process.kill()));
  }
}

function faultsOf(reports: readonly WorkerReport[], callers: number): string[] {
  const unserved = reports.reduce((sum, { served }) => sum + callers - served, 0);
  const problems = new Set(reports.flatMap((report) => report.problems));
  const various = reports.filter(({ tokens }) => tokens > 1).length;
  return [
    ...(unserved > 0 ? [`${unserved} callers without a token (${[...problems].join("; ")})`] : []),
    ...(various > 0 ? [`${various} windows with several tokens`] : []),
  ];
}

/** Adds what the issuer has seen in this round. @returns what is wrong with it */
async function count(issuer: IssuerProcess, figures: ExpiryFigures): Promise<string[]> {
  const refreshes = (await issuer.control.recordsOf("refresh")).length;
  const reused = (await issuer.control.recordsOf("reuseDetected")).length;
  const more = refreshes - figures.refreshes;
  const again = reused - figures.reused;
  Object.assign(figures, { refreshes, reused });
  return [
    ...(more === 1 ? [] : [`${more} refreshes`]),
    ...(again === 0 ? [] : [`a refresh token was sent again ${again} times`]),
  ];
}

async function deleteUntilDone(directory: string, work: Promise<unknown>): Promise<void> {
  let isDone = false;
  const end = () => {
    isDone = true;
  };
  work.then(end, end);
  while (!isDone) {
    for (const name of readdirSync(directory).filter((found) => found.endsWith(".lock"))) {
      try {
        rmSync(join(directory, name), { recursive: true, force: true });
      } catch {
        // Another window has just taken it.
      }
    }
    await nextTurn();
  }
}
