import { globSync } from "node:fs";
import { projectPath } from "./projectRoot.ts";

/**
 * The .vsix at the top of the clone, which `npm test` packages before the journeys run.
 * @throws when there is none, or more than one
 */
export function packagedExtension(): string {
  const [vsix, ...others] = globSync("*.vsix", { cwd: projectPath() });
  if (!vsix || others.length > 0) throw new Error("Run npm run package first: exactly one .vsix is needed");
  return projectPath(vsix);
}
