import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { readAuthFile } from "./read.ts";

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
  return (await readLoginRules(codexHome)).store;
}

/** What the CLI's configuration says of logins. */
export interface LoginRules {
  readonly store: CredentialsStore;
  /** `forced_login_method`; a value of another kind counts as one that is not “chatgpt”. */
  readonly forcedMethod: string | undefined;
  /** `forced_chatgpt_workspace_id`. */
  readonly forcedWorkspaces: readonly string[] | undefined;
}

/** Reads config.toml, which need not exist. */
export async function readLoginRules(codexHome: string): Promise<LoginRules> {
  const config = await readAuthFile(join(codexHome, "config.toml"));
  if (config.status === "missing") return loginRulesOf({});
  const parsed = config.status === "read" ? await parseToml(config.text) : undefined;
  return loginRulesOf(parsed ?? { cli_auth_credentials_store: "unknown" });
}

/** The rules in a parsed config.toml, or in the CLI's own answer to `config/read`. */
export function loginRulesOf(config: Readonly<Record<string, unknown>>): LoginRules {
  const store = config.cli_auth_credentials_store ?? "file";
  const method = config.forced_login_method ?? undefined;
  const workspaces = [config.forced_chatgpt_workspace_id ?? []]
    .flat()
    .map((id) => (typeof id === "string" ? id.trim() : "?"));
  const named = workspaces.filter((id) => id !== "");
  return {
    store: store === "file" || store === "keyring" || store === "auto" || store === "ephemeral" ? store : "unknown",
    forcedMethod: method === undefined || typeof method === "string" ? method : "?",
    forcedWorkspaces: named.length > 0 ? named : undefined,
  };
}

/**
 * Why the CLI would not keep a ChatGPT login that is written into its auth.json: a sentence that names the setting.
 * Under the first two it deletes such a login the next time it runs; outside “file” it keeps logins elsewhere.
 * @param workspace the id of the login's ChatGPT workspace
 */
export function obstacleTo(rules: LoginRules, workspace: string): string | undefined {
  if (rules.forcedMethod !== undefined && rules.forcedMethod !== "chatgpt") {
    return "The Codex CLI may only sign in with an API key here, because of its setting “forced_login_method”. Remove that setting from its “config.toml”, then try again.";
  }
  if (rules.forcedWorkspaces && !rules.forcedWorkspaces.includes(workspace)) {
    return "The Codex CLI may not use this ChatGPT workspace: its setting “forced_chatgpt_workspace_id” requires another one. Sign in with that workspace, then try again.";
  }
  if (rules.store === "unknown") {
    return "The Codex CLI's “config.toml” could not be understood, so it is unclear what the CLI does with a sign-in. Check the file and its setting “cli_auth_credentials_store”, then try again.";
  }
  if (rules.store !== "file") {
    return "The Codex CLI does not keep its login in “auth.json” here: see its setting “cli_auth_credentials_store”. Choose “Let the CLI Sign In” instead.";
  }
  return undefined;
}

/** The values of a TOML text; undefined when it is not TOML. */
async function parseToml(text: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { parse } = await import("smol-toml");
  try {
    // Where a number is too large for JavaScript, the CLI's is not.
    return parse(text.replace(/^\uFEFF/, ""), { integersAsBigInt: "asNeeded" });
  } catch {
    return undefined;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
