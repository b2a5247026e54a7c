import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/platform/clock.ts";
import { isProblem } from "../../src/shared/problem.ts";
import { signInByHttp } from "../issuer/login.ts";
import { createAccountFixture, credentialFor } from "../support/accountFixture.ts";
import { AccountProcess, bundleWorker } from "../support/accountProcess.ts";
import { temporaryDirectory } from "../support/cleanUp.ts";
import { FileSecrets } from "../support/fileSecrets.ts";
import { type IssuerProcess, startIssuerProcess } from "../support/issuerProcess.ts";

const elevenDays = 11 * 24 * 60 * 60_000;
const people = ["plus@example.com", "team@example.com"];
/** VS Code's own store takes about this long. */
const storeMs = 3;
/** What kills at random moments have left, each once: their sum is the number of kills. */
interface Outcomes {
  unharmed: number;
  saved: number;
  /** The answer was there, and not yet stored. */
  lost: number;
  /** The issuer had acted, and its answer was still on its way. */
  lostOnTheWay: number;
}

/** One person whose window is killed again and again while it refreshes the access token. */
class Lane {
  readonly outcomes: Outcomes = { unharmed: 0, saved: 0, lost: 0, lostOnTheWay: 0 };
  /** From the issuer's answer to the stored record, and how long the store alone took, ms. */
  readonly windows: number[] = [];
  readonly stores: number[] = [];
  readonly #issuer: IssuerProcess;
  readonly #email: string;
  readonly #secrets: FileSecrets;
  readonly #setup: { secrets: string; directory: string; storeMs: number; phases: string };
  readonly #worker: string;
  #aheadMs = 0;
  #next: Promise<AccountProcess> | undefined;

  constructor(issuer: IssuerProcess, email: string, folder: string, worker: string) {
    this.#issuer = issuer;
    this.#email = email;
    this.#setup = {
      secrets: join(folder, email, "secrets"),
      directory: join(folder, email, "shared"),
      storeMs,
      phases: join(folder, `${email}.phases`),
    };
    this.#secrets = new FileSecrets(this.#setup.secrets);
    this.#worker = worker;
  }

  /** Signs in, and lets a few processes refresh to the end; resolves with how long one takes, ms. */
  async begin(): Promise<number> {
    await this.#signIn();
    const durations: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const process = await this.#start();
      this.#aheadMs += elevenDays;
      const started = performance.now();
      const { served, answeredAt, storedAt, storeTook } = await process.ask({ callers: 1, aheadMs: this.#aheadMs });
      durations.push(performance.now() - started);
      assert.equal(served, 1);
      this.windows.push(storedAt - answeredAt);
      this.stores.push(storeTook);
      await process.kill();
    }
    this.#next = undefined;
    return median(durations);
  }

  async end(): Promise<void> {
    await (await this.#next)?.kill();
  }

  /** Kills the window within a refresh, and looks what the next one finds. */
  async killOnce(afterMs: number): Promise<void> {
    const process = await (this.#next ?? this.#start());
    // The next process starts while this one dies.
    void this.#start();
    this.#aheadMs += elevenDays;
    const before = await this.#refreshes();
    const known = this.#phases().length;
    process.order({ callers: 1, aheadMs: this.#aheadMs });
    await delay(afterMs);
    await process.kill();
    const phases = this.#phases().slice(known);

    const window = this.#window();
    await window.accounts.load();
    assert.equal(window.accounts.state.notice, undefined, "the record is whole");
    const sequence = window.accounts.entry()?.credential.sequence ?? 0;
    const isSaved =
      (window.accounts.entry()?.credential.lastRefreshAt ?? 0) > Date.now() + this.#aheadMs - elevenDays / 2;
    const answer = await window.source.get("chatgpt").catch((problem: unknown) => problem);
    const bySuccessor = (window.accounts.entry()?.credential.sequence ?? 0) - sequence;
    const byTheKilled = (await this.#refreshes()) - before - bySuccessor;
    if (byTheKilled > 0 && !isSaved) {
      // A kill loses a sign-in only between the answer and the end of the store, or while the answer is on its way.
      assert.ok(!phases.includes("stored"), `lost although it was stored: ${phases}`);
      this.outcomes[phases.includes("answered") ? "lost" : "lostOnTheWay"] += 1;
      assert.ok(isProblem(answer, "needsSignIn"), "the person is asked to sign in");
      assert.equal(answer.message, "Your ChatGPT sign-in is no longer accepted. Run “Sign in with ChatGPT” again.");
      assert.equal(window.accounts.state.active?.rejected, "reused");
      await this.#signIn();
      return;
    }
    assert.ok(!(answer instanceof Error), `the account works: ${String(answer)}`);
    this.outcomes[isSaved ? "saved" : "unharmed"] += 1;
    assert.equal(bySuccessor, isSaved ? 0 : 1);
    assert.ok(isSaved || !phases.includes("answered"), `not saved although it was answered: ${phases}`);
  }

  /** What the windows had done when they were killed. */
  #phases(): string[] {
    return readFileSync(this.#setup.phases, "utf8").trim().split("\n");
  }

  #start(): Promise<AccountProcess> {
    this.#next = AccountProcess.start(this.#setup, this.#worker);
    return this.#next;
  }

  /** The window that opens next, when half a minute has passed, in which the killed one's answer might have come. */
  #window() {
    return createAccountFixture({
      secrets: this.#secrets,
      directory: this.#setup.directory,
      clock: { ...systemClock, now: () => Date.now() + this.#aheadMs + 60_000 },
      lockTimes: { staleMs: 30 },
    });
  }

  async #signIn(): Promise<void> {
    const tokens = await signInByHttp(this.#issuer.origin, this.#email);
    const credential = credentialFor(this.#issuer.origin, tokens, { now: Date.now() + this.#aheadMs });
    await this.#window().accounts.storeSignIn({ ...credential, clockOffset: -this.#aheadMs });
  }

  /** How often the issuer has given out new tokens for old ones. */
  async #refreshes(): Promise<number> {
    const account = this.#email.split("@")[0];
    const records = await this.#issuer.control.recordsOf("refresh");
    return records.filter((record) => record.account === account && record.outcome === "rotated").length;
  }
}

export interface KillFigures extends Outcomes {
  /** From the issuer's answer to the stored record, ms; the median. */
  windowMs: number;
  /** How long the store alone takes, ms; the median. */
  storeMs: number;
  /** How many times as long as its store such a window lasted, at the least: other work of the computer counts little. */
  leastFactor: number;
}

/**
 * Kills windows with SIGKILL at random moments of a refresh, and looks each time what the next one finds. The issuer, in
 * a process of its own, says whether it has given out new tokens; the killed window's file says whether it had them, and
 * whether they were stored.
 * @param onKill called after each kill that has been looked at
 * @throws AssertionError when a sign-in was lost at another moment than between the issuer's answer and the save, or when
 * something else is not as it should be
 */
export async function killWindows(kills: number, onKill: (done: number) => void = () => {}): Promise<KillFigures> {
  const issuer = await startIssuerProcess();
  const folder = temporaryDirectory();
  const worker = await bundleWorker(folder.path);
  const lanes = people.map((email) => new Lane(issuer, email, folder.path, worker));
  let [begun, done] = [0, 0];
  try {
    const durations: number[] = [];
    // One after the other: the times that are taken here must not be each other's.
    for (const lane of lanes) durations.push(await lane.begin());
    const span = Math.max(...durations) * 2;
    await Promise.all(
      lanes.map(async (lane) => {
        while (begun < kills) {
          begun += 1;
          await lane.killOnce(Math.random() * span);
          done += 1;
          onKill(done);
        }
      }),
    );
  } finally {
    await Promise.all(lanes.map((lane) => lane.end()));
    await issuer.close();
    await folder.remove();
  }
  const sum = (key: keyof Outcomes) => lanes.reduce((total, { outcomes }) => total + outcomes[key], 0);
  return {
    unharmed: sum("unharmed"),
    saved: sum("saved"),
    lost: sum("lost"),
    lostOnTheWay: sum("lostOnTheWay"),
    windowMs: median(lanes.flatMap(({ windows }) => windows)),
    storeMs: median(lanes.flatMap(({ stores }) => stores)),
    leastFactor: Math.min(
      ...lanes.flatMap(({ windows, stores }) => windows.map((window, index) => window / (stores[index] ?? 0))),
    ),
  };
}

/** The figures in words. */
export function describeKills({ unharmed, saved, lost, lostOnTheWay, windowMs, storeMs: took }: KillFigures): string {
  const all = unharmed + saved + lost + lostOnTheWay;
  return `${all} kills: ${unharmed} before the issuer acted, ${saved} after the save, ${lostOnTheWay} with the answer on its way, ${lost} between answer and save; that window lasts ${windowMs.toFixed(2)} ms, ${(windowMs / took).toFixed(2)} times the store's ${took.toFixed(2)} ms`;
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}
