import type { InstalledCodex } from "./installedCodex.ts";
import type { SharedFolder } from "./sharedFolder.ts";
import type { World } from "./world.ts";

/** The story that is playing: modules under test reach its world through the modules that replace Node's. */
export const playing: {
  world: World | undefined;
  folder: SharedFolder | undefined;
  codex: InstalledCodex | undefined;
} = { world: undefined, folder: undefined, codex: undefined };

/** @throws Error outside a story */
export function currentWorld(): World {
  if (!playing.world) throw new Error("No story is playing");
  return playing.world;
}
