import { hashOf } from "./random.ts";
import type { World } from "./world.ts";

/** What can go wrong with one call. */
export const faultKinds = [
  // A secret is read.
  ...["getNothing", "getOlder", "getRejected", "getLate", "getHangs"],
  // A secret is stored or deleted.
  ...["writeRejected", "writeRejectedDone", "writeLate", "writeHangs", "writeHangsDone", "writeLost"],
  // A window is told that a secret has changed.
  ...["eventLate", "eventTwice", "eventNever"],
  // A file of the shared folder.
  ...["fileFails", "fileVanishes", "fileSlow", "lockVanishes", "lockHaunted"],
  // A request to the issuer.
  ...["unreachable", "requestLost", "answerLost", "answerLostLate", "failed", "failedDone", "busy", "region"],
  ...["foreign401", "portalJson", "portalPage", "edgePage", "truncated", "errorUnder200", "noAccessToken"],
] as const;
/** What can go wrong with the Codex CLI. */
export const codexFaultKinds = ["cliNotStarted", "cliGreets", "cliDies", "cliHangs", "cliSlow", "cliRefuses"] as const;
export type FaultKind = (typeof faultKinds)[number] | (typeof codexFaultKinds)[number];

/** How often each thing goes wrong, 0 to 1. */
export type Weather = Readonly<Partial<Record<FaultKind, number>>>;

/** Which call went wrong in which way. */
export type Hits = Readonly<Record<string, FaultKind>>;

/**
 * Decides which calls go wrong: by their name and how often it was used, so that the same call meets the same fate when
 * something else is left out of a story.
 */
export class Faults {
  /** No more faults. */
  isCalm = false;
  readonly hits: Record<string, FaultKind> = {};
  readonly #world: World;
  readonly #weather: Weather;
  readonly #only: Hits | undefined;
  readonly #counts = new Map<string, number>();

  /** @param only exactly these faults, instead of what the weather brings */
  constructor(world: World, weather: Weather, only?: Hits) {
    this.#world = world;
    this.#weather = weather;
    this.#only = only;
  }

  /** What goes wrong with this call, if anything does. */
  draw(call: string, kinds: readonly FaultKind[]): FaultKind | undefined {
    const count = (this.#counts.get(call) ?? 0) + 1;
    this.#counts.set(call, count);
    if (this.isCalm) return undefined;
    const name = `${call} ${count}`;
    const kind = this.#only ? this.#only[name] : this.#drawn(name, kinds);
    if (kind === undefined) return undefined;
    this.hits[name] = kind;
    this.#world.log(`${name}: ${kind}`);
    return kind;
  }

  /** A number from 0 up to 1 for a call, the same whatever else happens. */
  chance(call: string): number {
    return hashOf(`${this.#world.seed} ${call}`) / 2 ** 32;
  }

  #drawn(name: string, kinds: readonly FaultKind[]): FaultKind | undefined {
    const possible = kinds.filter((kind) => this.#weather[kind]);
    if (possible.length === 0) return undefined;
    let left = this.chance(name);
    return possible.find((kind) => {
      left -= this.#weather[kind] ?? 0;
      return left < 0;
    });
  }
}
