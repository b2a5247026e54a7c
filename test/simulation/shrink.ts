import { play } from "./play.ts";
import type { Rule } from "./rules.ts";
import type { Step, Story } from "./story.ts";
import type { Hits } from "./world/faults.ts";

/** How many stories are played at most to find a short one. */
const mostPlays = 1_500;

/** A short story that breaks the same rule: without the steps and faults that it does not need. */
export async function shrink(story: Story, rule: Rule): Promise<Story> {
  return new Shrinking(rule).run(story);
}

class Shrinking {
  readonly #rule: Rule;
  #plays = 0;

  constructor(rule: Rule) {
    this.#rule = rule;
  }

  async run(given: Story): Promise<Story> {
    const { hits } = await play(given);
    let story: Story = { ...given, weather: {}, faults: hits };
    if (!(await this.#isBroken(story))) return given;
    for (let size = Number.POSITIVE_INFINITY; sizeOf(story) < size; ) {
      size = sizeOf(story);
      story = await this.#fewer(story, story.steps, (steps) => ({ ...story, steps }));
      story = await this.#fewerFaults(story);
      story = await this.#simpler(story);
    }
    return story;
  }

  async #fewerFaults(story: Story): Promise<Story> {
    const { hits } = await play(story);
    const used: Story = { ...story, faults: hits };
    const withFaults = (entries: readonly (readonly [string, Hits[string]])[]) => ({
      ...used,
      faults: Object.fromEntries(entries) as Hits,
    });
    return this.#fewer(used, Object.entries(hits) as [string, NonNullable<Hits[string]>][], withFaults);
  }

  /** Leaves out parts of a list, first many at once, then one after another. */
  async #fewer<T>(story: Story, items: readonly T[], withItems: (items: readonly T[]) => Story): Promise<Story> {
    let [best, left] = [story, items];
    for (let length = Math.max(1, items.length >> 1); ; length >>= 1) {
      for (let at = left.length - length; at >= 0; at -= length) {
        const rest = left.toSpliced(at, length);
        const candidate = withItems(rest);
        if (await this.#isBroken(candidate)) [best, left] = [candidate, rest];
      }
      if (length <= 1) return best;
    }
  }

  async #simpler(story: Story): Promise<Story> {
    let best = story;
    for (const [at] of story.steps.entries()) {
      for (const change of simplifications) {
        const step = best.steps[at];
        const simple = step && change(step);
        if (!simple || JSON.stringify(simple) === JSON.stringify(step)) continue;
        const candidate = { ...best, steps: best.steps.with(at, simple) };
        if (await this.#isBroken(candidate)) best = candidate;
      }
    }
    return best;
  }

  async #isBroken(story: Story): Promise<boolean> {
    this.#plays += 1;
    if (this.#plays > mostPlays) return false;
    const { findings } = await play(story);
    return findings.some(({ rule }) => rule === this.#rule);
  }
}

const simplifications: readonly ((step: Step) => Step)[] = [
  (step) => ({ ...step, after: 0 }),
  (step) => ("window" in step ? { ...step, window: "A" } : step),
  (step) => ("person" in step ? { ...step, person: "ann" } : step),
  (step) => ("thinksMs" in step ? { ...step, thinksMs: 200 } : step),
  (step) => ("flow" in step ? { ...step, flow: "paste" } : step),
  (step) => ("at" in step ? { ...step, at: 0 } : step),
];

function sizeOf(story: Story): number {
  return JSON.stringify(story.steps).length + JSON.stringify(story.faults ?? {}).length;
}
