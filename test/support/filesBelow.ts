import { readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * The names of all files below a folder, with the folders that lead to them, read as they are asked for. Leaves out what
 * is removed meanwhile, as the folders of locks are; without the folder there are none.
 */
export function* filesBelow(directory: string, inside = ""): Generator<string> {
  for (const entry of entriesOf(join(directory, inside))) {
    const name = join(inside, entry.name);
    if (entry.isDirectory()) yield* filesBelow(directory, name);
    else yield name;
  }
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
