import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Finding } from "./rules.ts";
import type { SearchResult } from "./search.ts";

/** A seed whose story broke a rule. */
export interface BadSeed {
  readonly seed: number;
  readonly findings: readonly Finding[];
}

const worker = fileURLToPath(new URL("./worker.ts", import.meta.url));
/** How many stories a worker plays before the next one begins, so that both cores are busy until the end. */
const portion = 250;

/**
 * Runs a worker to its end.
 * @param onLine called with each line that it writes; true ends it
 * @throws Error with what it wrote to stderr when it failed
 */
export async function runWorker(args: readonly string[], onLine: (line: string) => unknown): Promise<void> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", worker, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk;
  });
  const code = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  let isEnough = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (isEnough || onLine(line) !== true) continue;
    isEnough = true;
    child.kill();
  }
  if ((await code) !== 0 && !isEnough) throw new Error(`The worker ${args.join(" ")} failed:\n${complaint}`);
}

export interface SearchOptions {
  readonly from: number;
  readonly count: number;
  readonly mutant?: string;
  /** Stories with a Codex CLI. */
  readonly isCodex?: boolean;
  /** Called when so many stories more have been played. */
  readonly onProgress?: (played: number) => void;
  /** Called with each bad seed. True ends the search. */
  readonly onBad?: (bad: BadSeed) => boolean;
}

/** Plays the stories of some seeds on all cores. @returns the bad seeds in order; fewer when `onBad` ended the search */
export async function searchSeeds({
  from,
  count,
  mutant,
  isCodex,
  onProgress,
  onBad,
}: SearchOptions): Promise<BadSeed[]> {
  const bad: BadSeed[] = [];
  let next = from;
  let isOver = false;
  const lane = async () => {
    while (next < from + count && !isOver) {
      const begin = next;
      next += portion;
      const size = Math.min(portion, from + count - begin);
      const options = [...(mutant === undefined ? [] : ["--mutant", mutant]), ...(isCodex ? ["--codex"] : [])];
      const args = ["search", `${begin}`, `${size}`, ...options];
      let played = 0;
      await runWorker(args, (line) => {
        const result = JSON.parse(line) as SearchResult;
        if ("seed" in result) {
          bad.push(result);
          isOver ||= onBad?.(result) === true;
        } else {
          onProgress?.(result.played - played);
          played = result.played;
        }
        return isOver;
      });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return bad.sort((one, other) => one.seed - other.seed);
}
