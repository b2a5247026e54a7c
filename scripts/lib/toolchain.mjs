// What the tests and the demo need beyond node_modules, installed once per machine into a cache outside the clone.
// Runs on any Node >= 20 and imports nothing but Node itself: it is the first thing a fresh clone executes.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { npmEnvironment } from "./npmEnvironment.mjs";

/** The VS Code server whose workbench the tests drive; its number is VS Code's own plus 3 majors (4.139.1 is 1.139.1). */
export const CODE_SERVER_VERSION = "4.139.1";
const NODE_VERSION = "24.21.0";

/** Where downloaded tools live: `CHATGPT_SIGN_IN_CACHE`, else a folder of ours in the user's cache. */
export function cacheDirectory() {
  return (
    process.env.CHATGPT_SIGN_IN_CACHE ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "chatgpt-sign-in")
  );
}

/**
 * The folder that holds a `node` executable of the major version our tools need: the running one's where it will do,
 * else one from the npm registry.
 */
export function ensureNode() {
  // One without its headers (some distributions split them off) cannot build native modules.
  const headers = join(dirname(process.execPath), "..", "include", "node", "node.h");
  if (Number(process.versions.node.split(".")[0]) === 24 && existsSync(headers)) return dirname(process.execPath);
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const directory = installOnce(`node-${NODE_VERSION}`, [`${name}@${NODE_VERSION}`], {});
  return join(directory, "node_modules", name, "bin");
}

/** The entry point of code-server, installed (native modules compiled) on first use: a few minutes, once per machine. */
export function ensureCodeServer() {
  const override = process.env.CODE_SERVER_ENTRY;
  if (override) return override;
  ensureDebianPackages({
    "libkrb5-dev": "/usr/include/gssapi.h",
    "g++": "/usr/bin/g++",
    make: "/usr/bin/make",
    python3: "/usr/bin/python3",
  });
  const bin = ensureNode();
  const directory = installOnce(`code-server-${CODE_SERVER_VERSION}`, [`code-server@${CODE_SERVER_VERSION}`], {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    // node-gyp must build against the headers of the Node that will load the modules.
    npm_config_nodedir: dirname(bin),
  });
  return join(directory, "node_modules", "code-server", "out", "node", "entry.js");
}

/** An executable Chromium: `CHROMIUM_PATH`, one that is installed, or Debian's package where we may install it. */
export function ensureChromium() {
  const candidates = [
    process.env.CHROMIUM_PATH,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  ].filter(Boolean);
  const found = () => candidates.find((path) => existsSync(path));
  if (!found())
    ensureDebianPackages({ chromium: "/usr/bin/chromium", "fonts-dejavu-core": "/usr/share/fonts/truetype/dejavu" });
  const path = found();
  if (!path) throw new Error("No Chromium found. Install Chromium or Chrome, or set CHROMIUM_PATH.");
  return path;
}

/** Whatever the person's own npm settings leave out is needed here. */
const npmOptions = [
  "--no-audit",
  "--no-fund",
  "--loglevel=error",
  "--include=dev",
  "--include=optional",
  "--ignore-scripts=false",
];

/** Installs node_modules when package-lock.json has changed since the last time. */
export function ensureDependencies(root) {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  const stamp = join(root, "node_modules", ".installed-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.log("Installing dependencies…");
  run("npm", ["ci", ...npmOptions], { cwd: root });
  writeFileSync(stamp, lock);
}

/** Whether this is a Debian and we are root. */
export function canInstallDebianPackages() {
  return process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

/** Installs the Debian packages whose marker path is missing; needs root and apt, says what to do without them. */
export function ensureDebianPackages(markers) {
  const missing = Object.keys(markers).filter((name) => !existsSync(markers[name]));
  if (missing.length === 0) return;
  if (!canInstallDebianPackages()) {
    throw new Error(`These packages are missing: ${missing.join(", ")}. Install them, then run the command again.`);
  }
  console.log(`Installing Debian packages: ${missing.join(", ")}…`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  // A new machine may be busy with its own updates.
  const options = ["-y", "-qq", "-o", "DPkg::Lock::Timeout=300"];
  const install = ["install", ...options, "--no-install-recommends", ...missing];
  if (spawnSync("apt-get", install, { stdio: "ignore", env: { ...process.env, ...env } }).status === 0) return;
  run("apt-get", ["update", ...options], { env });
  run("apt-get", install, { env });
}

/**
 * Installs npm packages into a folder of the cache that appears only when it is complete.
 * Returns the folder.
 */
export function installOnce(name, packages, env) {
  const directory = join(cacheDirectory(), name);
  if (existsSync(directory)) return directory;
  console.log(`Installing ${packages.join(", ")} into the cache (once)…`);
  const staging = `${directory}.${process.pid}`;
  mkdirSync(staging, { recursive: true });
  writeFileSync(join(staging, "package.json"), '{"private":true}');
  try {
    run("npm", ["install", ...npmOptions, "--no-save", ...packages], { cwd: staging, env });
    renameUnlessThere(staging, directory);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return directory;
}

/** Of two processes that install the same thing at once, the second one uses what the first has installed. */
function renameUnlessThere(staging, directory) {
  try {
    renameSync(staging, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
  }
}

/** Runs a command to its end with our own output streams. Throws with its last lines when it fails. */
export function run(command, args, { cwd, env } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...npmEnvironment(process.env), ...env },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === "win32",
  });
  if (result.status === 0) return result.stdout;
  if (result.error?.code === "ENOENT")
    throw new Error(`${command} was not found. Install it, then run the command again.`);
  const tail = `${result.stdout ?? ""}${result.stderr ?? ""}`.split("\n").slice(-40).join("\n");
  throw new Error(`${command} ${args.join(" ")} failed (${result.status ?? result.error?.message}):\n${tail}`);
}
