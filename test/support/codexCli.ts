import { join } from "node:path";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { ensureNode, installOnce } from "../../scripts/lib/toolchain.mjs";
import type { CodexCommand } from "../../src/codex/appServer/findCodex.ts";
import { startProcessTree } from "./cleanUp.ts";

/** The Codex CLI that the interop tests run; not a dependency, installed from npm into the cache. */
export const codexVersion = "0.169.0";

/** How to start the real CLI, which is installed on first use: its npm start script, with our Node. */
export function ensureCodexCli(): CodexCommand {
  const entry = join("node_modules", "@openai", "codex", "bin", "codex.js");
  const script = join(installOnce(`codex-${codexVersion}`, [`@openai/codex@${codexVersion}`], {}, entry), entry);
  return { command: join(ensureNode(), "node"), args: [script] };
}

/**
 * The environment of the CLI: a separate home, and no variable of the person's that could change its login. Without a
 * proxy it cannot reach anything.
 */
export function codexEnvironment(
  home: string,
  network?: { readonly proxy: string; readonly caFile: string },
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    CODEX_HOME: home,
    // Keeps it from opening a browser for a login; the tests follow the URL themselves.
    BROWSER: "true",
    HTTPS_PROXY: network?.proxy ?? "http://127.0.0.1:9",
    ...(network && { CODEX_CA_CERTIFICATE: network.caFile, SSL_CERT_FILE: network.caFile }),
  };
}

export interface CodexRun {
  readonly status: number | NodeJS.Signals;
  /** stdout and stderr together. */
  readonly output: string;
}

/** Runs the real CLI to its end. */
export async function runCodex(args: readonly string[], environment: Record<string, string>): Promise<CodexRun> {
  const { command, args: first } = ensureCodexCli();
  const tree = startProcessTree(command, [...first, ...args], { env: environment, cwd: environment.HOME });
  const status = await tree.ended;
  await tree.stop();
  return { status, output: tree.output() };
}
