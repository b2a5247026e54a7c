import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { basename, delimiter, dirname, isAbsolute, join, relative, sep } from "node:path";

/** How to start the Codex CLI, without a shell: an executable and the arguments before our own. */
export interface CodexCommand {
  readonly command: string;
  readonly args: readonly string[];
}

export type FindCodexResult =
  | { readonly status: "found"; readonly codex: CodexCommand }
  | { readonly status: "notFound" | "notAbsolute" | "notExecutable" | "insideWorkspace" };

export type CodexNotFound = Exclude<FindCodexResult["status"], "found">;

export interface FindCodexOptions {
  /** The setting; empty or absent means: look on PATH. */
  readonly configuredPath?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folders that are open in the editor. Their content may come from strangers and is never started. */
  readonly workspaceFolders: readonly string[];
  readonly platform?: NodeJS.Platform;
}

/**
 * Finds the Codex CLI: the configured full path, else the first on PATH. Relative entries of PATH (`.`,
 * `node_modules/.bin`) and everything inside a workspace folder, also by a symbolic link, are passed over.
 *
 * On Windows npm installs `codex.cmd`, a batch file, which Node refuses to start without a shell (CVE-2024-27980).
 * So `codex.exe` is used where there is one, and otherwise `node.exe` with the script that `codex.cmd` would run.
 */
export function findCodex(options: FindCodexOptions): Promise<FindCodexResult> {
  const platform = options.platform ?? process.platform;
  const search: Search = {
    platform,
    folders: pathFolders(options.environment, platform),
    isInWorkspace: (path) => liesInAny(path, options.workspaceFolders),
  };
  return options.configuredPath ? findConfigured(options.configuredPath, search) : findOnPath(search);
}

interface Search {
  readonly platform: NodeJS.Platform;
  /** Of PATH. */
  readonly folders: readonly string[];
  readonly isInWorkspace: (path: string) => Promise<boolean>;
}

async function findConfigured(path: string, search: Search): Promise<FindCodexResult> {
  if (!isAbsolute(path)) return { status: "notAbsolute" };
  if (await search.isInWorkspace(path)) return { status: "insideWorkspace" };
  const codex = await commandAt(path, search);
  if (!codex) return { status: "notExecutable" };
  return (await startsInWorkspace(codex, search)) ? { status: "insideWorkspace" } : { status: "found", codex };
}

async function findOnPath(search: Search): Promise<FindCodexResult> {
  const names = search.platform === "win32" ? ["codex.exe", "codex.cmd"] : ["codex"];
  let passedOver = false;
  for (const candidate of search.folders.flatMap((folder) => names.map((name) => join(folder, name)))) {
    const codex = await commandAt(candidate, search);
    if (!codex) continue;
    const isInside = (await search.isInWorkspace(candidate)) || (await startsInWorkspace(codex, search));
    if (!isInside) return { status: "found", codex };
    passedOver = true;
  }
  return { status: passedOver ? "insideWorkspace" : "notFound" };
}

async function commandAt(
  path: string,
  { platform, folders, isInWorkspace }: Search,
): Promise<CodexCommand | undefined> {
  if (!(await isProgram(path, platform))) return undefined;
  if (platform !== "win32" || !/\.(cmd|bat)$/i.test(path)) return { command: path, args: [] };
  const script = join(dirname(path), "node_modules", "@openai", "codex", "bin", "codex.js");
  if (!(await isProgram(script, platform))) return undefined;
  for (const folder of [dirname(path), ...folders]) {
    const node = join(folder, "node.exe");
    if ((await isProgram(node, platform)) && !(await isInWorkspace(node))) return { command: node, args: [script] };
  }
  return undefined;
}

/** Whether the program or its script is in a workspace folder. Behind a batch file, either may be a link. */
async function startsInWorkspace({ command, args }: CodexCommand, { isInWorkspace }: Search): Promise<boolean> {
  return (await Promise.all([command, ...args].map(isInWorkspace))).some((isInside) => isInside);
}

function pathFolders(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): readonly string[] {
  const name = pathName(environment, platform);
  const entries = (name === undefined ? "" : (environment[name] ?? "")).split(separatorOf(platform));
  return entries.filter((entry) => isAbsolute(entry));
}

function pathName(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string | undefined {
  // Windows spells it "Path".
  return Object.keys(environment).find((key) => key === "PATH" || (platform === "win32" && /^path$/i.test(key)));
}

function separatorOf(platform: NodeJS.Platform): string {
  return platform === process.platform ? delimiter : platform === "win32" ? ";" : ":";
}

/**
 * The environment to start the Codex CLI in. It may be a script whose interpreter is on PATH (npm's needs `node`), so
 * PATH has no folder that the Codex CLI itself is not started from.
 */
export async function environmentToStart(
  environment: FindCodexOptions["environment"],
  workspaceFolders: readonly string[],
  platform: NodeJS.Platform = process.platform,
): Promise<Readonly<Record<string, string | undefined>>> {
  const name = pathName(environment, platform);
  if (name === undefined) return environment;
  const folders = pathFolders(environment, platform);
  const isInside = await Promise.all(folders.map((folder) => liesInAny(folder, workspaceFolders)));
  const kept = folders.filter((_folder, index) => !isInside[index]);
  // An empty PATH would mean the working directory.
  return { ...environment, [name]: kept.join(separatorOf(platform)) || undefined };
}

async function isProgram(path: string, platform: NodeJS.Platform): Promise<boolean> {
  try {
    if (!(await stat(path)).isFile()) return false;
    // Windows has no executable bit: the name tells what it is.
    if (platform !== "win32") await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a path, or the target of its symbolic links, is in one of the folders. */
export async function liesInAny(path: string, folders: readonly string[]): Promise<boolean> {
  const places = [join(await realPath(dirname(path)), basename(path)), await realPath(path)];
  const roots = await Promise.all(folders.map(realPath));
  return places.some((place) => roots.some((root) => isInside(place, root)));
}

async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
