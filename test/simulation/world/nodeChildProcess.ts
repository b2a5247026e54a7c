// In place of `node:child_process` for the modules under test: the only program is the Codex CLI.
import type { ChildProcess } from "node:child_process";
import { playing } from "./playing.ts";

export function spawn(command: string): ChildProcess {
  if (!playing.codex) throw new Error(`Nobody starts ${command} here`);
  return playing.codex.spawn(command) as unknown as ChildProcess;
}
