import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { readAuthFile } from "./read.ts";

export type CodexHome =
  | { readonly status: "found"; readonly path: string }
  /** No `~/.codex` yet: the Codex CLI was never run, or never signed in. */
  | { readonly status: "absent"; readonly path: string }
  /** `$CODEX_HOME` is set to something that the Codex CLI refuses. */
  | { readonly status: "invalid" };

/** Where the Codex CLI keeps its login: setting `cli_auth_credentials_store` of config.toml, `file` by default. */
export type CredentialsStore = "file" | "keyring" | "auto" | "ephemeral" | "unknown";

/** The home of the Codex CLI: the folder `$CODEX_HOME` (empty counts as unset), else `.codex` in `userHome`. */
export async function findCodexHome(
  environment: Readonly<Record<string, string | undefined>>,
  userHome: string,
): Promise<CodexHome> {
  const configured = environment.CODEX_HOME;
  if (!configured) {
    const path = join(userHome, ".codex");
    return { status: (await isDirectory(path)) ? "found" : "absent", path };
  }
  // The Codex CLI resolves a relative one in its working directory, which is unknown here.
  if (!isAbsolute(configured) || !(await isDirectory(configured))) return { status: "invalid" };
  return { status: "found", path: await realpath(configured) };
}

export function authFilePath(codexHome: string): string {
  return join(codexHome, "auth.json");
}

/** Reads where the Codex CLI keeps its login. `unknown` when config.toml cannot be read or names another store. */
export async function readCredentialsStore(codexHome: string): Promise<CredentialsStore> {
  return (await readLoginRules(codexHome)).store;
}

/** A rule under which a login that is handed off would not be kept, by the code of its problem. */
export type Obstacle = "handOffApiKeyOnly" | "handOffOtherWorkspace" | "handOffUnknownStore" | "handOffOtherStore";

/** What the Codex CLI's configuration says of logins. */
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

/** The rules in a parsed config.toml, or in the Codex CLI's answer to `config/read`. */
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
 * Why the Codex CLI would not keep a ChatGPT login that is written into its auth.json; undefined where it would. Under
 * the first two rules it deletes such a login the next time it runs; with a store other than “file” it keeps logins
 * elsewhere.
 * @param workspace the id of the login's ChatGPT workspace
 */
export function obstacleTo(rules: LoginRules, workspace: string): Obstacle | undefined {
  if (rules.forcedMethod !== undefined && rules.forcedMethod !== "chatgpt") return "handOffApiKeyOnly";
  if (rules.forcedWorkspaces && !rules.forcedWorkspaces.includes(workspace)) return "handOffOtherWorkspace";
  if (rules.store === "unknown") return "handOffUnknownStore";
  return rules.store === "file" ? undefined : "handOffOtherStore";
}

/** The values of a TOML text; undefined when it is not TOML. */
async function parseToml(text: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { parse } = await import("smol-toml");
  try {
    // Numbers that are too large for JavaScript are valid for the Codex CLI.
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
