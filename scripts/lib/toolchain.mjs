// What the tests and the demo need beyond node_modules, installed once per machine into a cache outside the clone.
// Runs on any Node >= 20 and imports nothing but Node itself: it is the first thing a fresh clone executes.
import { spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { npmEnvironment } from "./npmEnvironment.mjs";

/** The VS Code server whose workbench the tests drive; its number is VS Code's own plus 3 majors (4.139.1 is 1.139.1). */
export const CODE_SERVER_VERSION = "4.139.1";
const NODE_VERSION = "24.21.0";

/** Where downloaded tools live: `CHATGPT_SIGN_IN_CACHE`, else a folder of ours in the user's cache. An absolute path. */
export function cacheDirectory() {
  const { CHATGPT_SIGN_IN_CACHE: own, XDG_CACHE_HOME: caches } = process.env;
  if (own) return resolve(own);
  // A relative path there is to be ignored (XDG Base Directory Specification).
  if (caches && isAbsolute(caches)) return join(caches, "chatgpt-sign-in");
  const home = homeDirectory();
  if (home) return join(home, ".cache", "chatgpt-sign-in");
  throw new Error("There is no home folder to keep the tools in. Set CHATGPT_SIGN_IN_CACHE to a folder for them.");
}

/** Undefined for a user without one, as in a container that runs under a number alone. */
function homeDirectory() {
  try {
    const home = homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The folder that holds a `node` executable of the major version our tools need: the running one's where it will do,
 * else one from the npm registry.
 */
export function ensureNode() {
  // One without its headers (some distributions split them off) cannot build native modules.
  const headers = join(dirname(process.execPath), "..", "include", "node", "node.h");
  const [major, minor] = process.versions.node.split(".").map(Number);
  // Before 24.2, a script cannot tell that it is the one that was started (import.meta.main).
  if (major === 24 && minor >= 2 && existsSync(headers)) return dirname(process.execPath);
  const isWindows = process.platform === "win32";
  const name = `node-${isWindows ? "win" : process.platform}-${process.arch}`;
  const entry = join("node_modules", name, "bin", isWindows ? "node.exe" : "node");
  return dirname(join(installOnce(`node-${NODE_VERSION}`, [`${name}@${NODE_VERSION}`], {}, entry), entry));
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
  const env = {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    // node-gyp must build against the headers of the Node that will load the modules.
    npm_config_nodedir: dirname(bin),
  };
  const entry = join("node_modules", "code-server", "out", "node", "entry.js");
  const name = `code-server-${CODE_SERVER_VERSION}`;
  return join(installOnce(name, [`code-server@${CODE_SERVER_VERSION}`], env, entry), entry);
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

/**
 * Whatever npm, or the person's own settings for it, leaves out is needed here. In the environment, because the
 * packages that are installed start an npm of their own (code-server for its native modules). Since npm 12, no package
 * runs its scripts unless that is allowed; the versions installed here are named exactly.
 */
const npmSettings = {
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_loglevel: "error",
  npm_config_include: "dev\n\noptional",
  npm_config_ignore_scripts: "false",
  npm_config_dangerously_allow_all_scripts: "true",
  npm_config_bin_links: "true",
  npm_config_location: "user",
  npm_config_global: "false",
  npm_config_dry_run: "false",
};

/** Installs node_modules when package-lock.json has changed since the last time, or a package has gone since. */
export function ensureDependencies(root) {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  const { dependencies, devDependencies } = JSON.parse(lock).packages[""];
  const modules = join(root, "node_modules");
  const stamp = join(modules, ".installed-lock");
  const isInstalled = () =>
    Object.keys({ ...dependencies, ...devDependencies }).every((name) =>
      existsSync(join(modules, name, "package.json")),
    ) &&
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === lock;
  if (isInstalled()) return;
  oneAtATime(join(root, "out", "installing"), () => {
    if (isInstalled()) return;
    console.log("Installing dependencies…");
    run("npm", ["ci"], { cwd: root });
    writeFileSync(stamp, lock);
  });
}

/** Two installations into one folder take each other's files away: `work` waits for another process that has `file`. */
function oneAtATime(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  for (let waits = false; !take(file); waits = true) {
    if (!waits) console.log("Waiting for another process that installs the same…");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Whether the file is ours now. One that was left by a process which has ended, or is too old, holds nobody up. */
function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!isHeld(file)) rmSync(file, { force: true });
    return false;
  }
}

const longestInstallMs = 15 * 60 * 1000;

function isHeld(file) {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    // A container's processes have the same numbers each time.
    if (pid === process.pid || Math.abs(Date.now() - statSync(file).mtimeMs) > longestInstallMs) return false;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
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
    const wanted = missing.map((name) => `${name} (${markers[name]})`).join(", ");
    throw new Error(`Missing, by Debian's names: ${wanted}. Install these packages, then run the command again.`);
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
 * @param entry the path, in that folder, of the file that is to be used; without it the folder is made again
 * Returns the folder.
 */
export function installOnce(name, packages, env, entry) {
  const cache = cacheDirectory();
  const directory = join(cache, name);
  if (existsSync(join(directory, entry))) return directory;
  console.log(`Installing ${packages.join(", ")} into the cache (once)…`);
  const staging = makeStaging(cache);
  // Ctrl-C ends npm by itself; what it leaves is removed here.
  const wait = () => undefined;
  process.on("SIGINT", wait);
  try {
    writeFileSync(join(staging, "package.json"), '{"private":true}');
    run("npm", ["install", "--no-save", ...packages], { cwd: staging, env });
    if (!existsSync(join(staging, entry)))
      throw new Error(`npm install ${packages.join(" ")} left no ${entry}. Check “npm config ls”, then try again.`);
    putInPlace(staging, directory, entry);
  } finally {
    process.off("SIGINT", wait);
    rmSync(staging, { recursive: true, force: true });
  }
  return directory;
}

const stagingPrefix = "installing-";
const dayMs = 24 * 60 * 60 * 1000;

/** A new folder in the cache; those that installations left which were killed are removed a day later. */
function makeStaging(cache) {
  try {
    mkdirSync(cache, { recursive: true });
    for (const name of readdirSync(cache)) {
      const path = join(cache, name);
      if (name.startsWith(stagingPrefix) && statSync(path, { throwIfNoEntry: false })?.mtimeMs < Date.now() - dayMs)
        rmSync(path, { recursive: true, force: true });
    }
    const staging = mkdtempSync(join(cache, stagingPrefix));
    // Who may use it is the cache's and the umask's business; a temporary folder is one person's alone.
    chmodSync(staging, 0o777 & ~process.umask());
    return staging;
  } catch (error) {
    throw new Error(
      `Nothing can be written to the folder ${cache} (${error.code}). Set CHATGPT_SIGN_IN_CACHE to one where it can.`,
    );
  }
}

/** Of two processes that install the same thing at once, the second one uses what the first has installed. */
function putInPlace(staging, directory, entry) {
  if (existsSync(join(directory, entry))) return;
  // What is left of one that was damaged.
  rmSync(directory, { recursive: true, force: true });
  try {
    renameSync(staging, directory);
  } catch (error) {
    if (!existsSync(join(directory, entry))) throw error;
  }
}

/** Runs a command to its end with our own output streams. Throws with its last lines when it fails. */
export function run(command, args, { cwd, env } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...npmEnvironment(process.env), ...(command === "npm" ? { ...npmSettings, ...npmCache() } : {}), ...env },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === "win32",
  });
  if (result.status === 0) return result.stdout;
  if (result.error?.code === "ENOENT")
    throw new Error(`${command} was not found. Install it, then run the command again.`);
  const tail = `${result.stdout ?? ""}${result.stderr ?? ""}`.split("\n").slice(-40).join("\n");
  throw new Error(
    `${command} ${args.join(" ")} failed (${result.status ?? result.signal ?? result.error?.message}):\n${tail}`,
  );
}

/** npm keeps what it has downloaded in the home folder; in our cache where nothing can be written there. */
function npmCache() {
  const home = homeDirectory();
  if (process.platform === "win32" || process.env.npm_config_cache) return {};
  const own = home && join(home, ".npm");
  try {
    accessSync(own && existsSync(own) ? own : home, constants.W_OK);
    return {};
  } catch {
    return { npm_config_cache: join(cacheDirectory(), "npm") };
  }
}
