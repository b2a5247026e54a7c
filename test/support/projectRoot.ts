import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The top of the clone. */
export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A path inside the clone. */
export function projectPath(...segments: string[]): string {
  return join(projectRoot, ...segments);
}
