import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { CodexCommand } from "./findCodex.ts";

/**
 * Starts a program without a shell, as the leader of a process group, so that it can be killed with all it started (the
 * Codex CLI from npm is a script that starts the actual program). Throws nothing: a failure is reported as `error`
 * event.
 */
export function startTree(
  codex: CodexCommand,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): ChildProcess {
  return spawn(codex.command, [...codex.args, ...args], {
    cwd: options.cwd,
    env: options.env,
    shell: false,
    windowsHide: true,
    // A new process group; on Windows it would open a console window.
    detached: process.platform !== "win32",
    stdio: ["pipe", "pipe", "ignore"],
  });
}

/** Kills a program of `startTree` and everything it started. */
export function killTree(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    const taskkill = join(process.env.SystemRoot ?? "C:\\Windows", "System32", "taskkill.exe");
    spawn(taskkill, ["/pid", String(child.pid), "/T", "/F"], { windowsHide: true, stdio: "ignore" }).on("error", () =>
      child.kill("SIGKILL"),
    );
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // All of the group have ended.
  }
}
