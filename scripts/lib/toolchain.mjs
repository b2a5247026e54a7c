// The tools of the tests and the demo besides node_modules, installed once per computer into a cache outside the clone.
// Runs on any Node >= 20 and imports only Node's modules, because a fresh clone has no others.
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

/** The VS Code server of the tests; its version is VS Code's plus 3 majors (4.139.1 is 1.139.1). */
export const CODE_SERVER_VERSION = "4.139.1";
const NODE_VERSION = "24.21.0";

/** The absolute path of the cache: `CHATGPT_SIGN_IN_CACHE`, else our folder in the user's cache. */
export function cacheDirectory() {
  const { CHATGPT_SIGN_IN_CACHE: own, XDG_CACHE_HOME: caches } = process.env;
  if (own) return resolve(own);
  // A relative path is to be ignored (XDG Base Directory Specification).
  if (caches && isAbsolute(caches)) return join(caches, "chatgpt-sign-in");
  const home = homeDirectory();
  if (home) return join(home, ".cache", "chatgpt-sign-in");
  throw new Error("There is no home folder to keep the tools in. Set CHATGPT_SIGN_IN_CACHE to a folder for them.");
}

/** Undefined for a user without a home folder, as in a container whose user is only a number. */
function homeDirectory() {
  try {
    const home = homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The folder of a `node` executable of the major version that our tools need: the running one if it fits, else one from
 * the npm registry.
 */
export function ensureNode() {
  // Without its headers, which some distributions package separately, it cannot build native modules.
  const headers = join(dirname(process.execPath), "..", "include", "node", "node.h");
  const [major, minor] = process.versions.node.split(".").map(Number);
  // Before 24.2 there is no import.meta.main.
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
 * Settings that install everything, whatever npm's defaults and the person's settings leave out. In the environment,
 * because installed packages start npm again (code-server for its native modules). Since npm 12, no package runs its
 * scripts unless that is allowed; the versions installed here are exact.
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

/** Installs node_modules when package-lock.json has changed since the last time, or a package is missing. */
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

/** Runs `work` while no other process has `file`: two installations into one folder would break each other. */
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

/** Creates the file; false when another process has it. One that is too old, or whose process has ended, is removed. */
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
    // In containers, process ids repeat.
    if (pid === process.pid || Math.abs(Date.now() - statSync(file).mtimeMs) > longestInstallMs) return false;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Whether this is Debian, and we are root. */
export function canInstallDebianPackages() {
  return process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

/** Installs the Debian packages whose marker path is missing; needs root and apt, and says what to do without them. */
export function ensureDebianPackages(markers) {
  const missing = Object.keys(markers).filter((name) => !existsSync(markers[name]));
  if (missing.length === 0) return;
  if (!canInstallDebianPackages()) {
    const wanted = missing.map((name) => `${name} (${markers[name]})`).join(", ");
    throw new Error(`Missing, by Debian's names: ${wanted}. Install these packages, then run the command again.`);
  }
  console.log(`Installing Debian packages: ${missing.join(", ")}…`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  // A new computer may be busy with updates.
  const options = ["-y", "-qq", "-o", "DPkg::Lock::Timeout=300"];
  const install = ["install", ...options, "--no-install-recommends", ...missing];
  if (spawnSync("apt-get", install, { stdio: "ignore", env: { ...process.env, ...env } }).status === 0) return;
  run("apt-get", ["update", ...options], { env });
  run("apt-get", install, { env });
}

/**
 * Installs npm packages into a folder of the cache, which appears only when it is complete.
 * @param entry the path of the needed file in that folder; if it is missing, the folder is made again
 * @returns the folder
 */
export function installOnce(name, packages, env, entry) {
  const cache = cacheDirectory();
  const directory = join(cache, name);
  if (existsSync(join(directory, entry))) return directory;
  console.log(`Installing ${packages.join(", ")} into the cache (once)…`);
  const staging = makeStaging(cache);
  // Ctrl-C ends npm, too; clean up after it here.
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

/** Creates a folder in the cache. The folders of installations that were killed are removed after a day. */
function makeStaging(cache) {
  try {
    mkdirSync(cache, { recursive: true });
    for (const name of readdirSync(cache)) {
      const path = join(cache, name);
      if (name.startsWith(stagingPrefix) && statSync(path, { throwIfNoEntry: false })?.mtimeMs < Date.now() - dayMs)
        rmSync(path, { recursive: true, force: true });
    }
    const staging = mkdtempSync(join(cache, stagingPrefix));
    // A temporary folder is for its owner alone; give it the usual permissions.
    chmodSync(staging, 0o777 & ~process.umask());
    return staging;
  } catch (error) {
    throw new Error(
      `Nothing can be written to the folder ${cache} (${error.code}). Set CHATGPT_SIGN_IN_CACHE to one where it can.`,
    );
  }
}

/** Moves an installation to its place. If another process was faster, its installation is used. */
function putInPlace(staging, directory, entry) {
  if (existsSync(join(directory, entry))) return;
  // The rest of a damaged one.
  rmSync(directory, { recursive: true, force: true });
  try {
    renameSync(staging, directory);
  } catch (error) {
    if (!existsSync(join(directory, entry))) throw error;
  }
}

/** Runs a command and returns its output. Throws with its last lines when it fails. */
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

/** npm keeps its downloads in the home folder, or in our cache if it cannot write there. */
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
