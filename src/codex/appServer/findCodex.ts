import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { basename, delimiter, dirname, isAbsolute, join, relative, sep } from "node:path";

/** How to start the CLI: an executable and what comes before our own arguments. Never through a shell. */
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
  /** Folders that are open in the editor. What lies in them may come from strangers and is never started. */
  readonly workspaceFolders: readonly string[];
  readonly platform?: NodeJS.Platform;
}

const sentences: Readonly<Record<CodexNotFound, string>> = {
  notFound:
    "The Codex CLI was not found. Install it or set its full path in “chatgptSignIn.codexPath”, or sign in with ChatGPT here.",
  notAbsolute: "The setting “chatgptSignIn.codexPath” must be a full path. Correct it in your user settings.",
  notExecutable:
    "The setting “chatgptSignIn.codexPath” does not name a program that can be started. Correct it in your user settings.",
  insideWorkspace:
    "The Codex CLI was found only inside an open folder and is not started from there. Install it outside, or set “chatgptSignIn.codexPath”.",
};

/** One sentence or two: what is wrong, and what to do next. */
export function describeCodexNotFound(status: CodexNotFound): string {
  return sentences[status];
}

/**
 * Finds the Codex CLI: the configured full path, else the first on PATH. Relative entries of PATH (`.`,
 * `node_modules/.bin`) and everything inside a workspace folder, also by a symbolic link, are passed over.
 *
 * On Windows npm installs `codex.cmd`, a batch file, which Node refuses to start without a shell (CVE-2024-27980).
 * So `codex.exe` is taken where there is one, and for `codex.cmd` the script that it would run, with `node.exe`.
 */
export async function findCodex(options: FindCodexOptions): Promise<FindCodexResult> {
  const platform = options.platform ?? process.platform;
  const inWorkspace = (path: string) => liesInAny(path, options.workspaceFolders);
  const folders = pathFolders(options.environment, platform);
  const configured = options.configuredPath;
  if (configured) {
    if (!isAbsolute(configured)) return { status: "notAbsolute" };
    if (await inWorkspace(configured)) return { status: "insideWorkspace" };
    const codex = await commandAt(configured, folders, platform, inWorkspace);
    if (!codex) return { status: "notExecutable" };
    return (await startsFrom(codex, inWorkspace)) ? { status: "insideWorkspace" } : { status: "found", codex };
  }
  let passedOver = false;
  const names = platform === "win32" ? ["codex.exe", "codex.cmd"] : ["codex"];
  for (const candidate of folders.flatMap((folder) => names.map((name) => join(folder, name)))) {
    const codex = await commandAt(candidate, folders, platform, inWorkspace);
    if (!codex) continue;
    if (!(await inWorkspace(candidate)) && !(await startsFrom(codex, inWorkspace))) return { status: "found", codex };
    passedOver = true;
  }
  return { status: passedOver ? "insideWorkspace" : "notFound" };
}

async function commandAt(
  path: string,
  folders: readonly string[],
  platform: NodeJS.Platform,
  inWorkspace: (path: string) => Promise<boolean>,
): Promise<CodexCommand | undefined> {
  if (!(await isProgram(path, platform))) return undefined;
  if (platform !== "win32" || !/\.(cmd|bat)$/i.test(path)) return { command: path, args: [] };
  const script = join(dirname(path), "node_modules", "@openai", "codex", "bin", "codex.js");
  if (!(await isProgram(script, platform))) return undefined;
  for (const folder of [dirname(path), ...folders]) {
    const node = join(folder, "node.exe");
    if ((await isProgram(node, platform)) && !(await inWorkspace(node))) return { command: node, args: [script] };
  }
  return undefined;
}

/** Whether the program or its script lies in a workspace folder: behind a batch file, either may be a link. */
async function startsFrom(
  { command, args }: CodexCommand,
  inWorkspace: (path: string) => Promise<boolean>,
): Promise<boolean> {
  return (await Promise.all([command, ...args].map(inWorkspace))).some((inside) => inside);
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
 * The environment for the CLI: it may be a script that looks on PATH for what it runs in (npm's looks for `node`), which
 * is passed over in the same places as the CLI itself.
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
  // An empty PATH would mean the folder it runs in.
  return { ...environment, [name]: kept.join(separatorOf(platform)) || undefined };
}

async function isProgram(path: string, platform: NodeJS.Platform): Promise<boolean> {
  try {
    if (!(await stat(path)).isFile()) return false;
    // Windows has no executable bit; its kind is in the name.
    if (platform !== "win32") await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a path, or what its symbolic links lead to, lies in one of the folders. */
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
