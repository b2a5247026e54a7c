import type { World } from "./world/world.ts";

export type OperationKind =
  | ("load" | "signIn" | "signOut" | "use" | "refresh" | "switch")
  | ("link" | "copy" | "handOff" | "cliSignIn" | "cliSignOut" | "cliUse");

/** Whether what a person did makes an account listed. */
export function isSignIn({ kind }: Pick<Operation, "kind">): boolean {
  return kind === "signIn" || kind === "link" || kind === "copy";
}

/** Something that a person did in a window, and what they were told. Times are ms of the world's time. */
export interface Operation {
  readonly number: number;
  readonly kind: OperationKind;
  readonly window: string;
  readonly startedAt: number;
  /** Whose account it is about, as far as that is known. */
  person: string | undefined;
  endedAt: number | undefined;
  /** `killed`: the window was gone before anything was said. */
  outcome: "running" | "done" | "failed" | "killed";
  /** The code of the problem that was shown. */
  problem: string | undefined;
  /** What was said besides. */
  said: string | undefined;
  /** The refresh tokens that were stored when a sign-out had ended. */
  stored?: readonly string[];
}

/** Everything that people did and were told. */
export class Operations {
  readonly all: Operation[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  begin(kind: OperationKind, window: string, person?: string): Operation {
    const operation: Operation = {
      ...{ number: this.all.length + 1, kind, window, person, startedAt: this.#world.now },
      ...{ endedAt: undefined, outcome: "running", problem: undefined, said: undefined },
    };
    this.all.push(operation);
    this.#world.log(`${window} ${kind} ${person ?? ""} begins (${operation.number})`);
    return operation;
  }

  end(operation: Operation, outcome: Operation["outcome"], problem?: string): void {
    if (operation.outcome !== "running") return;
    operation.outcome = outcome;
    operation.problem = problem;
    operation.endedAt = this.#world.now;
    const { window, kind, person, number, said } = operation;
    this.#world.log(`${window} ${kind} ${person ?? ""} ${outcome} ${problem ?? ""} ${said ?? ""} (${number})`);
  }

  /** A window was killed or closed. */
  windowEnded(window: string): void {
    for (const operation of this.all) if (operation.window === window) this.end(operation, "killed");
  }
}
