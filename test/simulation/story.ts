import * as fc from "fast-check";
import type { SignInManner } from "./people.ts";
import { faultKinds, type Hits, type Weather } from "./world/faults.ts";

/** Where something happens: a window, by the place that it has on the screen. */
type Place = "A" | "B" | "C";

/** What happens in a story. */
export type Event =
  | { readonly do: "open" | "close" | "cancel" | "use" | "refresh" | "focus"; readonly window: Place }
  | ({ readonly do: "signIn"; readonly window: Place } & SignInManner)
  | { readonly do: "signOut" | "switch"; readonly window: Place; readonly at: number }
  /** The window is killed after so many more calls of the world. */
  | { readonly do: "kill"; readonly window: Place; readonly calls: number }
  /** The computer sleeps; its clock is put right; time passes. */
  | { readonly do: "sleep" | "jump" | "wait"; readonly ms: number }
  | { readonly do: "endGrants"; readonly person: string }
  /** Somebody cleans the shared folder up. */
  | { readonly do: "clean"; readonly what: "locks" | "notes" | "everything" };

export type Step = Event & {
  /** How long after the step before, ms. */
  readonly after: number;
};

export interface Story {
  readonly seed: number;
  /** VS Code runs in a browser. */
  readonly isBrowser?: boolean;
  readonly hasKeys: boolean;
  readonly weather: Weather;
  readonly steps: readonly Step[];
  /** Exactly these faults, in place of what the weather brings. */
  readonly faults?: Hits;
}

const [second, minute] = [1_000, 60_000];
const place = fc.constantFrom<Place>("A", "A", "A", "B", "B", "C");
const person = fc.constantFrom("ann", "ann", "ben", "cat");

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constantFrom("use", "use", "focus", "refresh" as const), window: place }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("signIn" as const),
      window: place,
      person,
      flow: fc.constantFrom("paste", "paste", "paste", "deviceCode" as const),
      thinksMs: fc.constantFrom(200, second, 20 * second, 20 * second, 11 * minute),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("signOut" as const), window: place, at: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("switch" as const), window: place, at: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), window: place }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("open", "close" as const), window: place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("kill" as const), window: place, calls: fc.nat(40) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(5 * minute, 54 * minute, 56 * minute, 65 * minute),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("sleep" as const), ms: fc.constantFrom(minute, 60 * minute, 600 * minute) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("jump" as const),
      ms: fc.constantFrom(
        -400 * 1440 * minute,
        -120 * minute,
        -30 * second,
        40 * minute,
        180 * minute,
        400 * 1440 * minute,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("endGrants" as const), person }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("clean" as const),
      what: fc.constantFrom("locks", "notes", "everything" as const),
    }),
  },
);

const after = fc.constantFrom(0, 0, 1, 5, 30, 100, 400, second, 3 * second, 30 * second, 50 * second);
const step: fc.Arbitrary<Step> = fc.tuple(event, after).map(([happening, ms]) => ({ ...happening, after: ms }));

/** Two windows do something at the same moment. */
const atOnce: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    step,
    event,
    fc.constantFrom(0, 0, 2, 20),
    fc.constantFrom<readonly [Place, Place]>(["A", "B"], ["B", "A"], ["A", "C"]),
  )
  .map(([one, other, ms, [first, second]]) => [movedTo(one, first), movedTo({ ...other, after: ms }, second)]);
/** Tokens are about to expire, and several windows need them. */
const atExpiry: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.constantFrom(54, 56, 59, 61, 240),
    fc.array(fc.constantFrom<Place>("A", "B", "C"), { minLength: 1, maxLength: 4 }),
    after,
  )
  .map(([minutes, places, ms]) => [
    { do: "wait", ms: minutes * minute, after: 0 },
    ...places.map((window) => ({ do: "use" as const, window, after: ms <= 30 ? ms : 0 })),
  ]);
const steps = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: step.map((one): readonly Step[] => [one]) },
      { weight: 2, arbitrary: atOnce },
      { weight: 1, arbitrary: atExpiry },
    ),
    { minLength: 1, maxLength: 11, size: "max" },
  )
  .map((groups) => groups.flat());

function movedTo(one: Step, window: Place): Step {
  return "window" in one ? { ...one, window } : one;
}

const rate = fc.constantFrom(0.01, 0.03, 0.1, 0.3);
/** A few kinds of faults at a time; many stories have none. */
const weather: fc.Arbitrary<Weather> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 8,
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom(...faultKinds), rate), { minLength: 1, maxLength: 4 })
      .map((rates) => Object.fromEntries(rates)),
  },
);

const first: Step = { do: "signIn", window: "A", person: "ann", flow: "paste", thinksMs: 200, after: 0 };
const opening = fc.constantFrom<readonly Step[]>([], [first], [first, { do: "wait", ms: 10_000, after: 0 }]);

/** Any story. Its faults follow from its seed. */
function stories(seed: number): fc.Arbitrary<Story> {
  return fc.record({
    seed: fc.constant(seed),
    isBrowser: fc.constantFrom(true, ...Array.from({ length: 7 }, () => false)),
    hasKeys: fc.boolean(),
    weather,
    steps: fc.tuple(opening, steps).map(([begin, rest]) => [...begin, ...rest]),
  });
}

/** The story of a seed. */
export function storyOf(seed: number): Story {
  const [story] = fc.sample(stories(seed), { seed, numRuns: 1 });
  if (!story) throw new Error("fast-check gave no story");
  return story;
}
