import { type AuthFile, parseAuthFile } from "./parse.ts";
import type { AuthFileProblem } from "./problem.ts";
import { type AuthFileRead, readAuthFile } from "./read.ts";

/** What an auth.json contains; undefined where it cannot be read or used. */
export function authFileIn(read: AuthFileRead): AuthFile | undefined {
  const result = read.status === "read" ? parseAuthFile(read.text) : undefined;
  return result?.ok ? result.file : undefined;
}

/** The same for the file at a path. Never throws. */
export async function authFileAt(path: string): Promise<AuthFile | undefined> {
  return authFileIn(await readAuthFile(path));
}

/** What is wrong with a file that somebody may be writing at this moment; undefined for any other. */
export function halfWritten(read: AuthFileRead): AuthFileProblem | undefined {
  const result = read.status === "read" ? parseAuthFile(read.text) : undefined;
  if (!result || result.ok) return undefined;
  return result.problem.reason === "empty" || result.problem.reason === "notJson" ? result.problem : undefined;
}
