// npm run simulate -- --seeds N [--from M]: plays N stories; what is bad is shown as a short story.
// npm run simulate -- --seed 17: the short story of one seed, step by step. --story FILE: a story that was saved.
// --codex: stories with a Codex CLI.
import { parseArgs } from "node:util";
import { rules } from "./rules.ts";
import { runWorker, searchSeeds } from "./workers.ts";

/** How many bad seeds are shown in full. */
const mostShown = 3;
const write = (line: string) => void process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "2000" },
    from: { type: "string", default: "0" },
    seed: { type: "string" },
    story: { type: "string" },
    mutant: { type: "string" },
    codex: { type: "boolean", default: false },
  },
});
const mutant = values.mutant === undefined ? [] : ["--mutant", values.mutant];
const options = [...mutant, ...(values.codex ? ["--codex"] : [])];
if (values.seed !== undefined) await runWorker(["shrink", values.seed, ...options], write);
else if (values.story !== undefined) await runWorker(["story", values.story, ...options], write);
else await simulate(Number(values.from), Number(values.seeds));

async function simulate(from: number, count: number): Promise<void> {
  const started = performance.now();
  let played = 0;
  let told = 0;
  const bad = await searchSeeds({
    ...{ from, count, isCodex: values.codex, ...(values.mutant !== undefined && { mutant: values.mutant }) },
    onProgress(more) {
      played += more;
      if (played - told < 5_000 && played < count) return;
      told = played;
      write(`${played} stories, ${((performance.now() - started) / 1000).toFixed(0)} s`);
    },
    onBad({ seed, findings }) {
      for (const { rule, what } of findings) write(`seed ${seed}: ${rules[rule]}: ${what}`);
      return false;
    },
  });
  for (const { seed } of bad.slice(0, mostShown)) {
    write(`\n== seed ${seed} ==`);
    await runWorker(["shrink", `${seed}`, ...options], write);
  }
  write(`\n${count} stories from seed ${from} on, ${bad.length} of them bad`);
  process.exitCode = bad.length > 0 ? 1 : 0;
}
