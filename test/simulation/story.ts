import * as fc from "fast-check";
import type { SignInManner } from "./people.ts";
import { codexFaultKinds, type FaultKind, faultKinds, type Hits, type Weather } from "./world/faults.ts";

/** Where something happens: a window, by the place that it has on the screen. */
type Place = "A" | "B" | "C";

/** What happens in a story. */
export type Event =
  | { readonly do: "open" | "close" | "cancel" | "use" | "refresh" | "focus"; readonly window: Place }
  | ({ readonly do: "signIn"; readonly window: Place } & SignInManner)
  | { readonly do: "signOut" | "switch"; readonly window: Place; readonly at: number }
  | { readonly do: "link" | "copy" | "handOff"; readonly window: Place }
  | CodexEvent
  /** The window is killed after so many more calls of the world. */
  | { readonly do: "kill"; readonly window: Place; readonly calls: number }
  /** The computer sleeps; its clock is put right; time passes. */
  | { readonly do: "sleep" | "jump" | "wait"; readonly ms: number }
  | { readonly do: "endGrants"; readonly person: string }
  /** Somebody cleans the shared folder up. */
  | { readonly do: "clean"; readonly what: "locks" | "notes" | "everything" };

/** What happens to the Codex CLI outside of all windows. */
export type CodexEvent =
  | { readonly do: "cliSignIn"; readonly person: string }
  | { readonly do: "cliSignOut" | "cliUse" }
  /** Somebody moves its file away and back, or somebody's write of it is cut off. */
  | { readonly do: "authFile"; readonly what: "away" | "back" | "empty" | "half" | "html" }
  | { readonly do: "cliProgram"; readonly what: "gone" | "back" };

export type Step = Event & {
  /** How long after the step before, ms. */
  readonly after: number;
};

export interface Story {
  readonly seed: number;
  /** There is a Codex CLI. */
  readonly isCodex?: boolean;
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

const codexEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constantFrom("link", "link", "handOff", "copy" as const), window: place }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cliSignIn" as const), person }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("cliUse", "cliUse", "cliUse", "cliSignOut" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("authFile" as const),
      what: fc.constantFrom("away", "back", "back", "empty", "half", "html" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("cliProgram" as const), what: fc.constantFrom("gone", "back" as const) }),
  },
);

const after = fc.constantFrom(0, 0, 1, 5, 30, 100, 400, second, 3 * second, 30 * second, 50 * second);

/** Two windows do something at the same moment. */
const atOnceOf = (step: fc.Arbitrary<Step>, event: fc.Arbitrary<Event>): fc.Arbitrary<readonly Step[]> =>
  fc
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
function stepsOf(event: fc.Arbitrary<Event>): fc.Arbitrary<readonly Step[]> {
  const step = fc.tuple(event, after).map(([happening, ms]): Step => ({ ...happening, after: ms }));
  const group = fc.oneof(
    { weight: 6, arbitrary: step.map((one): readonly Step[] => [one]) },
    { weight: 2, arbitrary: atOnceOf(step, event) },
    { weight: 1, arbitrary: atExpiry },
  );
  return fc.array(group, { minLength: 1, maxLength: 11, size: "max" }).map((groups) => groups.flat());
}

function movedTo(one: Step, window: Place): Step {
  return "window" in one ? { ...one, window } : one;
}

const rate = fc.constantFrom(0.01, 0.03, 0.1, 0.3);
/** A few kinds of faults at a time; many stories have none. */
function weatherOf(kinds: readonly FaultKind[]): fc.Arbitrary<Weather> {
  const rates = fc.array(fc.tuple(fc.constantFrom(...kinds), rate), { minLength: 1, maxLength: 4 });
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    { weight: 8, arbitrary: rates.map((each) => Object.fromEntries(each)) },
  );
}

const first: Step = { do: "signIn", window: "A", person: "ann", flow: "paste", thinksMs: 200, after: 0 };
const opening = fc.constantFrom<readonly Step[]>([], [first], [first, { do: "wait", ms: 10_000, after: 0 }]);

const cliFirst: Step = { do: "cliSignIn", person: "ann", after: 0 };
const linked: readonly Step[] = [cliFirst, { do: "link", window: "A", after: 3_000 }];
const handedOff: readonly Step[] = [first, { do: "handOff", window: "A", after: 3_000 }];
const codexOpening = fc.constantFrom<readonly Step[]>(
  ...[[], [first], [cliFirst], linked, linked, handedOff],
  [...linked, { do: "wait", ms: 10_000, after: 0 }],
  [...handedOff, { do: "wait", ms: 10_000, after: 0 }],
  [cliFirst, { ...first, after: 1_000 }, { do: "handOff", window: "A", after: 3_000 }],
);

/** Any story. Its faults follow from its seed. */
function stories(seed: number): fc.Arbitrary<Story> {
  return fc.record({
    seed: fc.constant(seed),
    isBrowser: fc.constantFrom(true, ...Array.from({ length: 7 }, () => false)),
    hasKeys: fc.boolean(),
    weather: weatherOf(faultKinds),
    steps: fc.tuple(opening, stepsOf(event)).map(([begin, rest]) => [...begin, ...rest]),
  });
}

/** Any story with a Codex CLI. */
function codexStories(seed: number): fc.Arbitrary<Story> {
  const happening = fc.oneof({ weight: 5, arbitrary: event }, { weight: 4, arbitrary: codexEvent });
  return fc.record({
    seed: fc.constant(seed),
    isCodex: fc.constant(true),
    hasKeys: fc.boolean(),
    weather: weatherOf([...faultKinds, ...codexFaultKinds, ...codexFaultKinds]),
    steps: fc.tuple(codexOpening, stepsOf(happening)).map(([begin, rest]) => [...begin, ...rest]),
  });
}

/** The story of a seed. @param isCodex whether it is one with a Codex CLI */
export function storyOf(seed: number, isCodex = false): Story {
  const [story] = fc.sample(isCodex ? codexStories(seed) : stories(seed), { seed, numRuns: 1 });
  if (!story) throw new Error("fast-check gave no story");
  return story;
}
