import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ProcessTree, startProcessTree, temporaryDirectory } from "./cleanUp.ts";

/** An installed VS Code that runs with a temporary profile. */
export interface DesktopVscode {
  /** Settles when its last window has been closed. */
  readonly closed: Promise<unknown>;
  /** Ends it and removes the profile. */
  stop(): Promise<void>;
}

/**
 * Starts the VS Code of `code` on PATH (or of VSCODE_EXECUTABLE), with a .vsix installed.
 * @throws when there is none
 */
export async function startDesktopVscode(vsix: string, settings: object): Promise<DesktopVscode> {
  const command = process.env.VSCODE_EXECUTABLE ?? "code";
  const profile = temporaryDirectory();
  const userDataDir = join(profile.path, "user");
  const folders = ["--user-data-dir", userDataDir, "--extensions-dir", join(profile.path, "extensions")];
  mkdirSync(join(userDataDir, "User"), { recursive: true });
  writeFileSync(join(userDataDir, "User", "settings.json"), JSON.stringify(settings, null, 2));
  const start = (...args: string[]): ProcessTree =>
    startProcessTree(command, [...folders, ...args], { env: process.env, shell: process.platform === "win32" });

  const install = start("--install-extension", vsix, "--force");
  const code = await install.ended;
  if (code !== 0) {
    await profile.remove();
    throw new Error(`VS Code (${command}) could not install the extension (${code}):\n${install.output()}`);
  }
  const window = start("--new-window", "--wait", "--disable-workspace-trust");
  return {
    closed: window.ended,
    stop: async () => {
      endMainProcess(userDataDir);
      await window.stop();
      await profile.remove();
    },
  };
}

/** `code` starts VS Code in a separate session; VS Code writes its process id into its user-data-dir. */
function endMainProcess(userDataDir: string): void {
  try {
    process.kill(Number(readFileSync(join(userDataDir, "code.lock"), "utf8")), "SIGTERM");
  } catch {
    // It has ended already.
  }
}
