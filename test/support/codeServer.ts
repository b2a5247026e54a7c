import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { ensureCodeServer, ensureNode } from "../../scripts/lib/toolchain.mjs";
import { type ProcessTree, startProcessTree, temporaryDirectory } from "./cleanUp.ts";
import { filesBelow } from "./filesBelow.ts";
import { eventually, patience } from "./timing.ts";

/** What a VS Code server is started with. */
export interface CodeServerOptions {
  /** Packaged extensions that are installed before the server starts. */
  readonly vsix?: string | readonly string[];
  /** User settings, on top of the quiet ones of `quietSettings`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Environment variables on top of ours; they reach the extension host. `undefined` removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Addresses that openExternal opens without asking, such as `http://127.0.0.2:*`. */
  readonly trustedDomains?: readonly string[];
  /** Further arguments of code-server. */
  readonly extraArgs?: readonly string[];
  /** The built-in extensions that it has, by the names of their folders; all by default, which costs each window seconds. */
  readonly builtInExtensions?: readonly string[];
  /** The port to listen on; any free one by default. */
  readonly port?: number;
}

/** A running VS Code server with its own user-data-dir and extensions-dir. */
export interface CodeServer {
  /** Where the workbench is served, without a trailing slash. */
  readonly origin: string;
  readonly port: number;
  readonly userDataDir: string;
  readonly extensionsDir: string;
  /** The user's settings.json. */
  readonly settingsFile: string;
  /** The server's output and all log files of its extension hosts. */
  logs(): string;
  /** What the extension host that was started last has written to its log file of this name; empty before that. */
  newestLog(name: string): string;
  /** Replaces all user settings with the quiet ones and these. */
  resetSettings(settings: Readonly<Record<string, unknown>>): void;
  /**
   * Changes user settings; `undefined` removes one. Open windows read it when they are reloaded;
   * `Workbench.updateSettings` makes one read it at once.
   */
  updateSettings(change: Readonly<Record<string, unknown>>): void;
  /** The current user settings, with what the extension has changed. */
  readSettings(): Record<string, unknown>;
  /** Installs a .vsix; windows that are open see it after a reload. */
  installExtension(vsix: string): Promise<void>;
  /** Ends the server with all its children and removes its folders. */
  stop(): Promise<void>;
}

/** User settings that keep VS Code from starting, showing or asking for things that no test is about. */
const quietSettings = {
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": "off",
  "extensions.ignoreRecommendations": true,
  "security.workspace.trust.enabled": false,
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "window.confirmBeforeClose": "never",
  "git.enabled": false,
  "npm.autoDetect": "off",
  "typescript.disableAutomaticTypeAcquisition": true,
};

/**
 * Starts code-server in a fresh temporary folder and waits until it answers.
 * @throws with the server's output when it does not come up
 */
export async function startCodeServer(options: CodeServerOptions = {}): Promise<CodeServer> {
  const entry = ensureCodeServer();
  const node = join(ensureNode(), "node");
  const directory = temporaryDirectory();
  const userDataDir = join(directory.path, "user");
  const extensionsDir = join(directory.path, "extensions");
  const settingsFile = join(userDataDir, "User", "settings.json");
  mkdirSync(extensionsDir, { recursive: true });
  mkdirSync(dirname(settingsFile), { recursive: true });
  const readSettings = () => JSON.parse(readFileSync(settingsFile, "utf8")) as Record<string, unknown>;
  // In one step: VS Code would read half a file, and ask for a reload because of the settings that are missing.
  const writeSettings = (settings: object) => {
    writeFileSync(`${settingsFile}.new`, JSON.stringify(settings, null, 2));
    renameSync(`${settingsFile}.new`, settingsFile);
  };
  const resetSettings = (settings: object) => writeSettings({ ...quietSettings, ...settings });
  resetSettings(options.settings ?? {});

  const env = serverEnvironment(options);
  const folders = [
    ["--user-data-dir", userDataDir],
    ["--extensions-dir", extensionsDir],
    ["--config", join(directory.path, "config.yaml")],
  ].flat();

  const builtIn = builtInArguments(entry, join(directory.path, "built-in"), options.builtInExtensions ?? []);
  const installExtensions = async (files: readonly string[]): Promise<void> => {
    const named = files.flatMap((vsix) => ["--install-extension", vsix]);
    const install = startProcessTree(node, [entry, ...folders, "--force", ...named], { env });
    const code = await install.ended;
    await install.stop();
    if (code !== 0) throw new Error(`${files.join(", ")} could not be installed (${code}):\n${install.output()}`);
  };

  let server: ProcessTree | undefined;
  try {
    if (options.vsix) await installExtensions([options.vsix].flat());
    server = startProcessTree(node, [entry, ...folders, ...serverArguments(options), ...builtIn], { env });
    const running = server;
    const port = await listening(running);
    const origin = `http://127.0.0.1:${port}`;
    return {
      origin,
      port,
      userDataDir,
      extensionsDir,
      settingsFile,
      resetSettings,
      updateSettings: (change) => writeSettings({ ...readSettings(), ...change }),
      readSettings,
      logs: () => `${running.output()}\n${logFiles(join(userDataDir, "logs"))}`,
      newestLog: (name) => newestLogFile(join(userDataDir, "logs"), name),
      installExtension: (vsix) => installExtensions([vsix]),
      stop: async () => {
        await running.stop();
        await directory.remove();
      },
    };
  } catch (error) {
    await server?.stop();
    await directory.remove();
    throw error;
  }
}

function serverEnvironment(options: CodeServerOptions): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, ...options.env };
  // PORT would override the address, and VS Code's own variables would make the server think it runs inside VS Code.
  for (const name of Object.keys(env)) {
    if (env[name] === undefined || name === "PORT" || name.startsWith("VSCODE_")) delete env[name];
  }
  return env;
}

/** Limits the built-in extensions to these, in a new folder; no names mean all of them. */
function builtInArguments(entry: string, folder: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  mkdirSync(folder);
  const all = join(dirname(entry), "..", "..", "lib", "vscode", "extensions");
  for (const name of names) symlinkSync(join(all, name), join(folder, name), "junction");
  return ["--vscode-option", `builtin-extensions-dir=${folder}`];
}

function serverArguments(options: CodeServerOptions): string[] {
  return [
    ...["--auth", "none", "--bind-addr", `127.0.0.1:${options.port ?? 0}`],
    "--disable-telemetry",
    "--disable-update-check",
    "--disable-workspace-trust",
    "--disable-getting-started-override",
    "--ignore-last-opened",
    ...(options.trustedDomains ?? []).flatMap((domain) => ["--link-protection-trusted-domains", domain]),
    ...(options.extraArgs ?? []),
  ];
}

/** The port of a server that has just been started, once it answers. */
async function listening(server: ProcessTree): Promise<number> {
  let over = false;
  void server.ended.then(() => {
    over = true;
  });
  const port = await eventually(async () => {
    const found = /HTTP server listening on http:\/\/[\d.]+:(\d+)/.exec(server.output())?.[1];
    if (found) {
      const answer = await fetch(`http://127.0.0.1:${found}/healthz`);
      if (answer.ok) return Number(found);
    }
    if (over) return undefined;
    throw new Error(`code-server does not answer:\n${server.output()}`);
  }, patience);
  if (port === undefined) throw new Error(`code-server has ended:\n${server.output()}`);
  return port;
}

/** The text of the log file `name` of the extension host with the highest number, `exthost12` say. */
function newestLogFile(directory: string, name: string): string {
  const hostOf = (file: string) => Number(/exthost(\d+)/.exec(file)?.[1] ?? 0);
  const files = [...filesBelow(directory)];
  const hosts = Math.max(0, ...files.map(hostOf));
  const file = files.find((found) => hostOf(found) === hosts && basename(found) === name);
  return file === undefined ? "" : readFileSync(join(directory, file), "utf8");
}

/** The text of every log file below `directory`. */
function logFiles(directory: string): string {
  return [...filesBelow(directory)]
    .filter((name) => name.endsWith(".log"))
    .map((name) => ({ name, text: readFileSync(join(directory, name), "utf8") }))
    .filter(({ text }) => text.length > 0)
    .map(({ name, text }) => `=== ${name} ===\n${text}`)
    .join("\n");
}
