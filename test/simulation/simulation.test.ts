import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { mutants } from "./mutants.ts";
import { type BadSeed, runWorker, searchSeeds } from "./workers.ts";

/** How many stories are played. */
const count = 2_000;
/** How many of them have a Codex CLI, besides. */
const codexCount = 300;
/** A mutant that so many stories do not find is not found. */
const mostForMutant = 2_000;

async function linesOf(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  await runWorker(args, (line) => void lines.push(line));
  return lines;
}

describe("simulation", () => {
  it(`plays ${count} stories in which no rule is broken`, async () => {
    const bad = await searchSeeds({ from: 0, count });
    const [first] = bad;
    if (!first) return;
    const story = await linesOf("shrink", `${first.seed}`);
    assert.fail(`${bad.length} stories are bad. This is the short story of seed ${first.seed}:\n${story.join("\n")}`);
  });

  it(`plays ${codexCount} stories with a Codex CLI in which no rule is broken`, async () => {
    const bad = await searchSeeds({ from: 0, count: codexCount, isCodex: true });
    const [first] = bad;
    if (!first) return;
    const story = await linesOf("shrink", `${first.seed}`, "--codex");
    assert.fail(`${bad.length} stories are bad. This is the short story of seed ${first.seed}:\n${story.join("\n")}`);
  });

  it("plays a story in the same way each time", async () => {
    for (const seed of ["3", "17", "42"]) {
      assert.deepEqual(await linesOf("tell", seed), await linesOf("tell", seed));
      assert.deepEqual(await linesOf("tell", seed, "--codex"), await linesOf("tell", seed, "--codex"));
    }
  });

  describe("known stories", () => {
    const folder = join(import.meta.dirname, "stories");
    for (const file of globSync("*.json", { cwd: folder }).sort()) {
      it(basename(file, ".json"), async () => {
        const lines: string[] = [];
        await runWorker(["story", join(folder, file)], (line) => void lines.push(line)).catch(() => {
          assert.fail(lines.join("\n"));
        });
      });
    }
  });

  describe("mutants are found", () => {
    for (const { name, rule } of mutants) {
      it(`${rule}: ${name}`, async () => {
        const isCaught = ({ findings }: BadSeed) => findings.some((finding) => finding.rule === rule);
        const bad = await searchSeeds({ from: 0, count: mostForMutant, mutant: name, onBad: isCaught });
        assert.ok(bad.some(isCaught), `No story of ${mostForMutant} shows it`);
      });
    }
  });
});
