import type { Operations } from "./operations.ts";
import type { Hits } from "./world/faults.ts";
import type { InstalledCodex } from "./world/installedCodex.ts";
import type { Issuer } from "./world/issuer.ts";
import type { Keyring } from "./world/keyring.ts";
import type { SharedFolder } from "./world/sharedFolder.ts";
import type { World } from "./world/world.ts";

/** What a window showed, and since when. */
export interface Shown {
  readonly at: number;
  readonly window: string;
  readonly persons: readonly string[];
  readonly rejected: readonly string[];
}

/** A story that has been played. */
export interface Played {
  readonly world: World;
  readonly keyring: Keyring;
  readonly folder: SharedFolder;
  readonly issuer: Issuer;
  readonly operations: Operations;
  /** Undefined in stories without a Codex CLI. */
  readonly codex: InstalledCodex | undefined;
  readonly hits: Hits;
  readonly isBrowser: boolean;
  readonly hasKeys: boolean;
  readonly shown: readonly Shown[];
  /** What the windows that are open at the end show. */
  readonly final: readonly Shown[];
  /** When the calm end began, and how much was written in its quiet hours. */
  readonly calmAt: number;
  readonly quietWrites: number;
  readonly isEndless: boolean;
}
