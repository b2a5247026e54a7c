import { play } from "./play.ts";
import type { Finding } from "./rules.ts";
import { shrink } from "./shrink.ts";
import { type Story, storyOf } from "./story.ts";
import type { Weather } from "./world/faults.ts";

/** What a worker writes, one line for each: a seed that was bad, or how far it has come. */
export type SearchResult =
  | { readonly seed: number; readonly findings: readonly Finding[] }
  | { readonly played: number };

/** How often a worker says how far it has come, in stories. */
const progressEvery = 50;

/** Plays the stories of some seeds. @param options `weather` in place of their own; `isCodex`: those with a Codex CLI */
export async function search(
  from: number,
  count: number,
  { weather, isCodex }: { weather?: Weather | undefined; isCodex: boolean },
  tellResult: (result: SearchResult) => void,
): Promise<void> {
  for (let played = 0; played < count; played += 1) {
    const seed = from + played;
    const story = storyOf(seed, isCodex);
    const { findings } = await play(weather ? { ...story, weather } : story);
    if (findings.length > 0) tellResult({ seed, findings });
    if ((played + 1) % progressEvery === 0 || played + 1 === count) tellResult({ played: played + 1 });
  }
}

/** Shows the shortest story found for a seed, step by step. */
export async function shrinkSeed(seed: number, isCodex: boolean, write: (line: string) => void): Promise<boolean> {
  const story = storyOf(seed, isCodex);
  const { findings } = await play(story);
  const [finding] = findings;
  if (!finding) {
    write(`The story of seed ${seed} breaks no rule.`);
    await tell(story, write);
    return true;
  }
  return tell(await shrink(story, finding.rule), write);
}

/** Plays a story and shows it step by step. @returns whether it breaks no rule */
export async function tell(story: Story, write: (line: string) => void): Promise<boolean> {
  const { findings, lines } = await play(story, true);
  for (const line of lines) write(line);
  write(`\n${JSON.stringify(story)}\n`);
  for (const { rule, what } of findings) write(`${rule}: ${what}`);
  return findings.length === 0;
}
