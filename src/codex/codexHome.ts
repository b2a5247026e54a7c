import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { readAuthFile } from "./readAuthFile.ts";

export type CodexHome =
  | { readonly status: "found"; readonly path: string }
  /** No `~/.codex` yet: the CLI was never run, or never signed in. */
  | { readonly status: "absent"; readonly path: string }
  /** `$CODEX_HOME` is set to something that the CLI itself refuses. */
  | { readonly status: "invalid" };

export const invalidCodexHomeSentence =
  "The environment variable CODEX_HOME does not name a folder that exists. Correct or unset it, then restart VS Code.";

/** Where the CLI keeps its login: setting `cli_auth_credentials_store` of config.toml, `file` when it is not set. */
export type CredentialsStore = "file" | "keyring" | "auto" | "ephemeral" | "unknown";

/** The folder the CLI lives in: `$CODEX_HOME` (empty counts as unset, must be a folder), else `.codex` in `userHome`. */
export async function findCodexHome(
  environment: Readonly<Record<string, string | undefined>>,
  userHome: string,
): Promise<CodexHome> {
  const configured = environment.CODEX_HOME;
  if (!configured) {
    const path = join(userHome, ".codex");
    return { status: (await isDirectory(path)) ? "found" : "absent", path };
  }
  // The CLI takes a relative one from its own working directory, which the editor does not share.
  if (!isAbsolute(configured) || !(await isDirectory(configured))) return { status: "invalid" };
  return { status: "found", path: await realpath(configured) };
}

export function authFilePath(codexHome: string): string {
  return join(codexHome, "auth.json");
}

/** Reads where the CLI keeps its login. `unknown` when config.toml cannot be read or names a store unknown here. */
export async function readCredentialsStore(codexHome: string): Promise<CredentialsStore> {
  const config = await readAuthFile(join(codexHome, "config.toml"));
  if (config.status === "missing") return "file";
  if (config.status !== "read") return "unknown";
  const value = await tomlValue(config.text, "cli_auth_credentials_store");
  if (value === undefined) return "file";
  return value === "file" || value === "keyring" || value === "auto" || value === "ephemeral" ? value : "unknown";
}

/** A top-level value of a TOML text; null when the text is not TOML. */
async function tomlValue(text: string, key: string): Promise<unknown> {
  const { parse } = await import("smol-toml");
  try {
    return parse(text.replace(/^\uFEFF/, ""))[key];
  } catch {
    return null;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
