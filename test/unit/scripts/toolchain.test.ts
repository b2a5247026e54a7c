import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { npmEnvironment } from "../../../scripts/lib/npmEnvironment.mjs";
import { projectPath, projectRoot } from "../../support/projectRoot.ts";
import { eventually, patience } from "../../support/timing.ts";

/** What npm 10, npm 11, pnpm 10, Yarn 1, Yarn 4 and Bun hand down to a script, and what makes an install go wrong. */
const outer = {
  npm_config_user_agent: "npm/10.8.2 node/v20.20.2 linux x64 workspaces/false",
  npm_config_ignore_scripts: "true",
  NPM_CONFIG_OMIT: "dev",
  npm_config_global: "true",
  npm_config_prefix: "/usr/local",
  npm_config_nodedir: "/usr",
  npm_config_dry_run: "true",
  npm_config_verify_deps_before_run: "error",
  npm_config_frozen_lockfile: "true",
  npm_command: "test",
  npm_lifecycle_event: "test",
  npm_package_json: "/elsewhere/package.json",
  npm_node_execpath: "/usr/bin/node",
  npm_execpath: "/usr/lib/node_modules/npm/bin/npm-cli.js",
  NODE: "/usr/bin/node",
  NODE_ENV: "production",
  INIT_CWD: "/elsewhere",
  PNPM_SCRIPT_SRC_DIR: "/elsewhere",
  YARN_IGNORE_PATH: "1",
  BERRY_BIN_FOLDER: "/tmp/xfs-1",
  PROJECT_CWD: "/elsewhere",
  COREPACK_ROOT: "/usr/lib/node_modules/corepack",
  BUN_INSTALL: "/home/ada/.bun",
};

/** What is the person's and the computer's. */
const own = {
  PATH: process.env.PATH ?? "",
  HOME: "/home/ada",
  HTTPS_PROXY: "http://proxy.example:3128",
  NODE_EXTRA_CA_CERTS: "/etc/company.pem",
  npm_config_registry: "https://packages.example/npm/",
  npm_config_cafile: "/etc/company.pem",
  NPM_CONFIG_STRICT_SSL: "false",
  "npm_config_@example:registry": "https://packages.example/other/",
  "npm_config_//packages.example/:_authToken": "from-the-environment",
  // An .npmrc has `//packages.example/:_authToken=${NPM_TOKEN}`.
  NPM_TOKEN: "from-the-environment",
};

describe("the environment of an npm that we start", () => {
  it("has nothing of an outer package manager", () => {
    assert.deepEqual(npmEnvironment({ ...outer, ...own }), own);
  });

  it("drops every name that a package manager may invent, whatever its case", () => {
    for (const name of ["npm_new_thing", "npm_config_new-thing", "NPM_CONFIG_NEW", "pnpm_x", "YARN_X", "BUN_X"])
      assert.deepEqual(npmEnvironment({ [name]: "1" }), {}, name);
  });

  it("keeps names that only look alike", () => {
    const alike = { NODE_PATH: "/a", MY_NPM_CONFIG: "b", NPMRC: "c", INIT_CWD_OLD: "d", NODE_ENVIRONMENT: "e" };
    assert.deepEqual(npmEnvironment(alike), alike);
  });

  for (const [name, options, expected] of [
    ["Yarn's Plug'n'Play alone", "--require /a/.pnp.cjs --experimental-loader file:///a/.pnp.loader.mjs", undefined],
    ["beside an option of the person's", "--max-old-space-size=4096 -r /a/.pnp.cjs", "--max-old-space-size=4096"],
    ["quoted", '--require "/a b/.pnp.cjs" --use-openssl-ca', "--use-openssl-ca"],
    ["another preload", "--require ./hook.js", "--require ./hook.js"],
  ] as const) {
    it(`loads no Plug'n'Play: ${name}`, () => {
      assert.equal(npmEnvironment({ NODE_OPTIONS: options }).NODE_OPTIONS, expected);
    });
  }

  for (const [options, expected] of [
    ["--inspect", undefined],
    ["--inspect-brk=127.0.0.1:9230", undefined],
    ["--inspect-wait=0 --inspect-port 9231", undefined],
    ["--use-openssl-ca --inspect-brk --max-old-space-size=4096", "--use-openssl-ca --max-old-space-size=4096"],
    ["--require /a/inspector.js --inspect-port=0", "--require /a/inspector.js"],
  ] as const) {
    it(`waits for no debugger: ${options}`, () => {
      assert.equal(npmEnvironment({ NODE_OPTIONS: options }).NODE_OPTIONS, expected);
    });
  }
});

describe("the tools' installation", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "toolchain-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Puts a program called npm before all others, which runs `script` (for sh), and what runs `code` with our tools. */
  function withNpm(script: string, code: string) {
    const npm = join(folder, "npm");
    writeFileSync(npm, `#!/bin/sh\n${script}\n`);
    chmodSync(npm, 0o755);
    const toolchain = JSON.stringify(projectPath("scripts", "lib", "toolchain.mjs"));
    return {
      command: process.execPath,
      args: ["--input-type=module", "-e", `const tools = await import(${toolchain});\n${code}`],
      env: {
        ...outer,
        HOME: folder,
        PATH: `${folder}${delimiter}${dirname(process.execPath)}${delimiter}/usr/bin${delimiter}/bin`,
        CHATGPT_SIGN_IN_CACHE: join(folder, "cache"),
        SEEN_FILE: join(folder, "seen"),
      },
    };
  }
  function runWithNpm(script: string, code = install, change: Record<string, string | undefined> = {}) {
    const { command, args, env } = withNpm(script, code);
    return spawnSync(command, args, { encoding: "utf8", cwd: folder, env: { ...env, ...change } });
  }
  const install = 'console.log(tools.installOnce("tool", ["tool@1"], {}, "node_modules/tool/start"));';
  /** What npm does when all goes well, and where: in the folder that it is started in. */
  const makeTool = "mkdir -p node_modules/tool && echo npm > node_modules/tool/start";
  const cache = () => join(folder, "cache");
  const tool = () => join(cache(), "tool", "node_modules", "tool");

  it("starts npm without the outer one's environment, and with what it needs", () => {
    const { status, stderr } = runWithNpm(
      `env > "$SEEN_FILE"; echo "$@" >> "$SEEN_FILE"; ${makeTool}`,
      install.replace("{}", '{ npm_config_nodedir: "/node24" }'),
    );
    assert.equal(status, 0, stderr);
    const seen = readFileSync(join(folder, "seen"), "utf8").split("\n");
    const names = seen.filter((line) => /^(npm_|node|init_cwd|yarn_|pnpm_|bun_)/i.test(line));
    // In this way an npm that is started by a package's script has it, too; against what an .npmrc says.
    assert.deepEqual(names.toSorted(), [
      "npm_config_audit=false",
      "npm_config_bin_links=true",
      "npm_config_dangerously_allow_all_scripts=true",
      "npm_config_dry_run=false",
      "npm_config_fund=false",
      "npm_config_global=false",
      "npm_config_ignore_scripts=false",
      "npm_config_include=dev",
      "npm_config_location=user",
      "npm_config_loglevel=error",
      "npm_config_nodedir=/node24",
    ]);
    assert.ok(seen.includes("install --no-save tool@1"));
  });

  it("builds what a package installs by an npm of its own, whatever the .npmrc says", function () {
    this.timeout(patience);
    const pack = (name: string, manifest: object, more?: object) => {
      const made = join(folder, name, "package");
      mkdirSync(join(made, "sub"), { recursive: true });
      writeFileSync(join(made, "package.json"), JSON.stringify({ name, version: "1.0.0", ...manifest }));
      if (more) writeFileSync(join(made, "sub", "package.json"), JSON.stringify({ private: true, ...more }));
      // `npm pack` would look at the network's settings; a tarball is no more than this.
      const file = join(folder, `${name}.tgz`);
      const { status } = spawnSync("tar", ["-czf", file, "-C", join(folder, name), "package"]);
      assert.equal(status, 0);
      return file;
    };
    const native = pack("native", { scripts: { install: "echo built > built" } });
    const tool = pack("tool", { scripts: { postinstall: "cd sub && npm install" } }, { dependencies: { native } });
    const npmrc = ["ignore-scripts=true", "location=global", "dry-run=true", "offline=true", "update-notifier=false"];
    writeFileSync(join(folder, ".npmrc"), `${npmrc.join("\n")}\n`);
    const entry = "node_modules/tool/sub/node_modules/native/built";
    const code = `tools.installOnce("tool", [${JSON.stringify(tool)}], {}, ${JSON.stringify(entry)});`;
    const { command, args, env } = withNpm("", code);
    const { status, stderr } = spawnSync(command, args, {
      encoding: "utf8",
      cwd: folder,
      env: { ...env, PATH: process.env.PATH },
    });
    assert.equal(status, 0, stderr);
  });

  it("leaves nothing behind when npm fails, and says what npm said", () => {
    const { status, stderr } = runWithNpm('echo "no space left" >&2; exit 1');
    assert.equal(status, 1);
    assert.match(stderr, /no space left/);
    assert.deepEqual(readdirSync(cache()), []);
  });

  it("leaves nothing behind after Ctrl-C", async () => {
    const { command, args, env } = withNpm('echo > "$SEEN_FILE"; mkdir node_modules; exec sleep 60', install);
    const child: ChildProcess = spawn(command, args, { env, detached: true, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const ended = once(child, "close");
    await eventually(async () => assert.ok(existsSync(join(env.SEEN_FILE))), patience);
    // As a terminal does it: to all at once.
    process.kill(-(child.pid ?? assert.fail("not started")), "SIGINT");
    const [status] = await ended;
    assert.equal(status, 1);
    assert.match(said, /failed \(SIGINT\)/);
    assert.deepEqual(readdirSync(cache()), []);
  });

  it("removes what a killed one has left, a day later", () => {
    for (const name of ["installing-old", "installing-new"]) mkdirSync(join(cache(), name), { recursive: true });
    const longAgo = Date.now() / 1000 - 25 * 60 * 60;
    utimesSync(join(cache(), "installing-old"), longAgo, longAgo);
    mkdirSync(join(cache(), "node-24.21.0"));
    utimesSync(join(cache(), "node-24.21.0"), longAgo, longAgo);
    const { status, stderr } = runWithNpm(makeTool);
    assert.equal(status, 0, stderr);
    assert.deepEqual(readdirSync(cache()).sort(), ["installing-new", "node-24.21.0", "tool"]);
  });

  it("takes what another process has installed at the same time", () => {
    const { status, stderr } = runWithNpm(`mkdir -p "${tool()}" && echo theirs > "${tool()}/start"; ${makeTool}`);
    assert.equal(status, 0, stderr);
    assert.deepEqual(readdirSync(cache()), ["tool"]);
    assert.equal(readFileSync(join(tool(), "start"), "utf8"), "theirs\n");
  });

  it("takes what is there, and makes it again where something has gone", () => {
    mkdirSync(tool(), { recursive: true });
    writeFileSync(join(tool(), "start"), "before");
    assert.equal(runWithNpm("exit 1").status, 0);
    assert.equal(readFileSync(join(tool(), "start"), "utf8"), "before");
    rmSync(join(tool(), "start"));
    writeFileSync(join(tool(), "rest"), "of it");
    const { status, stdout, stderr } = runWithNpm(makeTool);
    assert.equal(status, 0, stderr);
    assert.ok(stdout.endsWith(`${join(cache(), "tool")}\n`), stdout);
    assert.deepEqual(readdirSync(tool()), ["start"]);
  });

  it("lets others use what is there, as the umask says", () => {
    for (const umask of [0o022, 0o027]) {
      rmSync(cache(), { recursive: true, force: true });
      const { status, stderr } = runWithNpm(makeTool, `process.umask(${umask}); ${install}`);
      assert.equal(status, 0, stderr);
      assert.equal(statSync(join(cache(), "tool")).mode & 0o777, 0o777 & ~umask);
    }
  });

  it("keeps what is left of it where it cannot be made again", () => {
    mkdirSync(tool(), { recursive: true });
    writeFileSync(join(tool(), "rest"), "of it");
    assert.equal(runWithNpm("exit 1").status, 1);
    assert.deepEqual(readdirSync(tool()), ["rest"]);
  });

  it("is no success when npm has put it elsewhere", () => {
    const { status, stderr } = runWithNpm("mkdir node_modules");
    assert.equal(status, 1);
    assert.match(stderr, /left no node_modules\/tool\/start\./);
    assert.deepEqual(readdirSync(cache()), []);
  });

  it("says what to do where nothing can be written", () => {
    writeFileSync(join(folder, "file"), "");
    const { status, stderr } = runWithNpm(makeTool, install, { CHATGPT_SIGN_IN_CACHE: join(folder, "file", "cache") });
    assert.equal(status, 1);
    assert.match(stderr, /Nothing can be written to the folder .*file\/cache.*Set CHATGPT_SIGN_IN_CACHE to one where/);
  });

  it("gives npm a cache of ours where the home folder takes nothing", () => {
    const HOME = join(folder, "nowhere");
    const { status, stderr } = runWithNpm(`echo "$npm_config_cache" > "$SEEN_FILE"; ${makeTool}`, install, { HOME });
    assert.equal(status, 0, stderr);
    assert.equal(readFileSync(join(folder, "seen"), "utf8"), `${join(cache(), "npm")}\n`);
  });

  for (const [what, version, headers, own] of [
    ["the running Node", "24.2.0", true, true],
    ["another than one that cannot tell which script was started", "24.1.0", true, false],
    ["another than one without its headers", "24.2.0", false, false],
    ["another than an older one", "22.20.0", true, false],
    ["another than a newer one", "26.0.0", true, false],
  ] as const) {
    it(`takes ${what}`, () => {
      const home = join(folder, "running");
      const bin = `node_modules/node-${process.platform}-${process.arch}/bin`;
      if (headers) mkdirSync(join(home, "include", "node"), { recursive: true });
      if (headers) writeFileSync(join(home, "include", "node", "node.h"), "");
      const claim = `process.execPath = ${JSON.stringify(join(home, "bin", "node"))};
        Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });
        console.log(tools.ensureNode());`;
      const { status, stdout, stderr } = runWithNpm(`mkdir -p ${bin} && echo > ${bin}/node`, claim);
      assert.equal(status, 0, stderr);
      const expected = own ? join(home, "bin") : join(cache(), "node-24.21.0", bin);
      assert.equal(stdout.trim().split("\n").at(-1), expected);
    });
  }

  it("leaves npm the cache that the person has named", () => {
    const change = { HOME: join(folder, "nowhere"), npm_config_cache: join(folder, "own") };
    const { status, stderr } = runWithNpm(`echo "$npm_config_cache" > "$SEEN_FILE"; ${makeTool}`, install, change);
    assert.equal(status, 0, stderr);
    assert.equal(readFileSync(join(folder, "seen"), "utf8"), `${join(folder, "own")}\n`);
  });

  it("names the Debian packages that it may not install, with the file of each, and tries nothing", () => {
    const apt = join(folder, "apt-get");
    writeFileSync(apt, '#!/bin/sh\necho > "$SEEN_FILE"\n');
    chmodSync(apt, 0o755);
    const markers = { one: join(folder, "one"), two: join(folder, "two"), there: folder };
    const code = `process.getuid = () => 1000; tools.ensureDebianPackages(${JSON.stringify(markers)});`;
    const { status, stderr } = runWithNpm("", code);
    assert.equal(status, 1);
    const wanted = `one (${markers.one}), two (${markers.two})`;
    assert.ok(
      stderr.includes(`Missing, by Debian's names: ${wanted}. Install these packages, then run the command again.`),
    );
    assert.equal(existsSync(join(folder, "seen")), false);
  });

  it("says that npm is missing", () => {
    const { status, stderr } = runWithNpm("", install, { PATH: join(folder, "empty") });
    assert.equal(status, 1);
    assert.match(stderr, /npm was not found\. Install it, then run the command again\./);
  });

  describe("goes to", () => {
    const rows: readonly [Record<string, string | undefined>, string | RegExp][] = [
      [{ CHATGPT_SIGN_IN_CACHE: "/own" }, "/own"],
      [{ CHATGPT_SIGN_IN_CACHE: "own" }, "FOLDER/own"],
      [{ CHATGPT_SIGN_IN_CACHE: "" }, "FOLDER/.cache/chatgpt-sign-in"],
      [{ XDG_CACHE_HOME: "/caches" }, "/caches/chatgpt-sign-in"],
      [{ XDG_CACHE_HOME: "caches" }, "FOLDER/.cache/chatgpt-sign-in"],
      [{ XDG_CACHE_HOME: "" }, "FOLDER/.cache/chatgpt-sign-in"],
      [{ HOME: "" }, /There is no home folder .* Set CHATGPT_SIGN_IN_CACHE/],
      [{ HOME: "here" }, /There is no home folder .* Set CHATGPT_SIGN_IN_CACHE/],
    ];
    for (const [change, expected] of rows) {
      it(`${typeof expected === "string" ? expected : "nowhere"} with ${JSON.stringify(change)}`, () => {
        const code = "console.log(tools.cacheDirectory());";
        const { stdout, stderr } = runWithNpm("", code, { CHATGPT_SIGN_IN_CACHE: undefined, ...change });
        if (typeof expected === "string") assert.equal(stdout.trim(), expected.replace("FOLDER", folder), stderr);
        else assert.match(stderr, expected);
      });
    }
  });
});

describe("node_modules", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "clone-"));
    writeFileSync(
      join(folder, "package-lock.json"),
      JSON.stringify({ packages: { "": { devDependencies: { a: "1" } } } }),
    );
    writeFileSync(
      join(folder, "npm"),
      `#!/bin/sh\necho "$1" >> seen; mkdir -p node_modules/a; echo {} > node_modules/a/package.json\n`,
    );
    chmodSync(join(folder, "npm"), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function command() {
    const toolchain = JSON.stringify(projectPath("scripts", "lib", "toolchain.mjs"));
    const code = `(await import(${toolchain})).ensureDependencies(${JSON.stringify(folder)})`;
    const env = { HOME: folder, PATH: `${folder}${delimiter}/usr/bin${delimiter}/bin` };
    return { args: ["--input-type=module", "-e", code], env };
  }
  function ensure(): string {
    const { args, env } = command();
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", env, timeout: 20_000 });
    assert.equal(status, 0, stderr);
    return existsSync(join(folder, "seen")) ? readFileSync(join(folder, "seen"), "utf8") : "";
  }

  it("is installed once, again when the lock file differs, and again when a package has gone", () => {
    assert.equal(ensure(), "ci\n");
    assert.equal(ensure(), "ci\n");
    const lock = join(folder, "package-lock.json");
    writeFileSync(lock, `${readFileSync(lock, "utf8")}\n`);
    assert.equal(ensure(), "ci\nci\n");
    // As `npm prune --omit=dev` does it; the mark of the last installation stays.
    rmSync(join(folder, "node_modules", "a"), { recursive: true });
    assert.equal(ensure(), "ci\nci\nci\n");
  });

  it("is installed once by two that start at the same time", async () => {
    const npm = join(folder, "npm");
    writeFileSync(npm, readFileSync(npm, "utf8").replace("\n", "\nsleep 1\n"));
    const { args, env } = command();
    const both = [1, 2].map(() => once(spawn(process.execPath, args, { env, stdio: "ignore" }), "close"));
    assert.deepEqual(await Promise.all(both), [
      [0, null],
      [0, null],
    ]);
    assert.equal(ensure(), "ci\n");
  });

  for (const [what, pid, ageMs] of [
    ["which has ended", 2 ** 22 + 1, 0],
    ["which has ended without having written its number", "…", 0],
    ["whose number another has now", process.pid, 16 * 60 * 1000],
  ] as const) {
    it(`waits for no process ${what}`, () => {
      const file = join(folder, "out", "installing");
      mkdirSync(dirname(file));
      writeFileSync(file, String(pid));
      const then = (Date.now() - ageMs) / 1000;
      utimesSync(file, then, then);
      assert.equal(ensure(), "ci\n");
      assert.equal(existsSync(file), false);
    });
  }

  it("waits for no process that had its own number, as each time in a container", () => {
    mkdirSync(join(folder, "out"));
    const { args, env } = command();
    const left = `(await import("node:fs")).writeFileSync(${JSON.stringify(join(folder, "out", "installing"))}, String(process.pid));`;
    const code = [...args.slice(0, -1), `${left}\n${args.at(-1)}`];
    const { status } = spawnSync(process.execPath, code, { env, timeout: 20_000 });
    assert.equal(status, 0);
  });

  it("waits no longer for what has failed", () => {
    const npm = join(folder, "npm");
    const good = readFileSync(npm, "utf8");
    writeFileSync(npm, "#!/bin/sh\nexit 1\n");
    assert.throws(ensure, /npm ci failed/);
    writeFileSync(npm, good);
    assert.equal(ensure(), "ci\n");
  });
});

describe("a Node that is too old", () => {
  for (const version of ["4.9.1", "12.22.12", "18.20.8", "19.9.0"]) {
    it(`${version} is told so in one sentence`, () => {
      const { status, stdout, stderr } = startUnder(version);
      assert.equal(status, 1);
      assert.equal(stdout, "");
      assert.equal(
        stderr,
        `This project needs Node.js 20 or newer, and this is Node.js ${version}. ` +
          "Install a newer one from https://nodejs.org and run the command again.\n",
      );
    });
  }

  it("of any age can read the file that says so", () => {
    const code = readFileSync(projectPath("scripts", "start.cjs"), "utf8").replace(/^\/\/.*$/gm, "");
    assert.doesNotMatch(code, /\b(?:import|const|let|async|class)\b|=>|`|\?\.|\?\?|\.\.\.|,\s*[)\]}]/);
  });

  it("20 and later are not", () => {
    for (const version of ["20.0.0", "22.3.0", "24.0.0", "101.0.0"])
      assert.doesNotMatch(startUnder(version).stderr, /needs Node\.js/, version);
  });

  /** Starts the check under a Node that claims another version, from a folder where nothing can be installed. */
  function startUnder(version: string) {
    const folder = mkdtempSync(join(tmpdir(), "start-"));
    try {
      writeFileSync(join(folder, "start.cjs"), readFileSync(projectPath("scripts", "start.cjs")));
      const claim = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
      return spawnSync(process.execPath, ["-e", `${claim} require("./start.cjs");`], { cwd: folder, encoding: "utf8" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
});

describe("a Node that cannot be started", () => {
  it("is named, with what to do", () => {
    const cache = mkdtempSync(join(tmpdir(), "cache-"));
    try {
      const bin = join(cache, "node-24.21.0", "node_modules", `node-${process.platform}-${process.arch}`, "bin");
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, "node"), "not executable");
      const start = JSON.stringify(projectPath("scripts", "start.cjs"));
      const claim = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "22.1.0" } });`;
      const { status, stderr } = spawnSync(
        process.execPath,
        ["-e", `${claim} require(${start});`, "start.cjs", "test/check.ts"],
        {
          encoding: "utf8",
          env: { ...process.env, CHATGPT_SIGN_IN_CACHE: cache },
        },
      );
      assert.equal(status, 1);
      assert.match(stderr, /^\S+bin\/node could not be started \(EACCES\)\. Install Node\.js 24 with its headers.*\n$/);
    } finally {
      rmSync(cache, { recursive: true, force: true });
    }
  });
});

describe("what keeps a script from being started", () => {
  it("is told in one sentence, without the place in our code", () => {
    const start = JSON.stringify(projectPath("scripts", "start.cjs"));
    const claim = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "22.1.0" } });';
    const file = projectPath("package.json");
    const { status, stderr } = spawnSync(
      process.execPath,
      ["-e", `${claim} require(${start});`, "start.cjs", "test/check.ts"],
      { encoding: "utf8", env: { ...process.env, CHATGPT_SIGN_IN_CACHE: join(file, "cache") } },
    );
    assert.equal(status, 1);
    assert.match(stderr, /^Nothing can be written to the folder [^\n]+\n$/);
  });
});

describe("a script that is started from any Node", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "start script's-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts `code` as one of the project's scripts, from another folder. */
  function started(code: string, args: readonly string[] = [], change: Record<string, string> = {}) {
    const script = join(folder, "script.ts");
    writeFileSync(script, code);
    const start = [projectPath("scripts", "start.cjs"), relative(projectRoot, script), ...args];
    return spawn(process.execPath, start, { cwd: folder, env: { ...process.env, ...change } });
  }
  async function outcome(child: ReturnType<typeof started>) {
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    const [status] = (await once(child, "close")) as [number | null];
    return { status, stdout };
  }

  it("gives its exit code on", async () => {
    for (const code of [0, 1, 7]) assert.equal((await outcome(started(`process.exit(${code});`))).status, code);
  });

  it("has failed when a signal ended it, or it waits for what never comes", async () => {
    assert.equal((await outcome(started('process.kill(process.pid, "SIGKILL");'))).status, 1);
    assert.notEqual((await outcome(started("await new Promise(() => {});"))).status, 0);
  });

  it("gets its arguments as they are, the project's programs, and the clone as its folder", async () => {
    const args = ["--grep", "a 'b' \"c\" $d é;", "", "*"];
    const code =
      "console.log(JSON.stringify([process.argv.slice(2), process.cwd(), process.env.PATH, process.version]));";
    const { stdout } = await outcome(started(code, args));
    const [given, cwd, path, version] = JSON.parse(stdout) as [string[], string, string, string];
    assert.deepEqual(given, args);
    assert.equal(cwd, realpathSync(projectRoot));
    assert.equal(path.split(delimiter)[0], projectPath("node_modules", ".bin"));
    // For the npm that stands beside the Node which was called by its path.
    assert.equal(path.split(delimiter).at(-1), dirname(process.execPath));
    assert.match(version, /^v24\./);
  });

  it("has nothing of the outer package manager, and a cache folder that holds in any folder", async () => {
    const change = { ...outer, CHATGPT_SIGN_IN_CACHE: "cache" };
    const node = dirname(dirname(process.execPath));
    const bin = join(folder, "cache", "node-24.21.0", "node_modules", `node-${process.platform}-${process.arch}`);
    mkdirSync(dirname(bin), { recursive: true });
    symlinkSync(node, bin);
    const { status, stdout } = await outcome(started("console.log(JSON.stringify(process.env));", [], change));
    assert.equal(status, 0);
    const environment = JSON.parse(stdout) as Record<string, string>;
    const left = Object.keys(outer).filter((name) => name in environment);
    assert.deepEqual(left, []);
    assert.equal(environment.CHATGPT_SIGN_IN_CACHE, join(realpathSync(folder), "cache"));
  });

  it("hears of SIGTERM, and is waited for", async () => {
    const code = `process.on("SIGTERM", () => setTimeout(() => { console.log("cleaned up"); process.exit(4); }, 200));
      console.log("ready"); setInterval(() => {}, 1000);`;
    const child = started(code);
    const ended = outcome(child);
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, { status: 4, stdout: "ready\ncleaned up\n" });
  });

  it("is waited for after Ctrl-C, which a terminal sends to all", async () => {
    const code = `process.on("SIGINT", () => setTimeout(() => { console.log("cleaned up"); process.exit(5); }, 200));
      console.log("ready"); setInterval(() => {}, 1000);`;
    const script = join(folder, "script.ts");
    writeFileSync(script, code);
    const start = [projectPath("scripts", "start.cjs"), relative(projectRoot, script)];
    const child = spawn(process.execPath, start, { detached: true, stdio: ["ignore", "pipe", "inherit"] });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    const ended = once(child, "close");
    await once(child.stdout, "data");
    process.kill(-(child.pid ?? assert.fail("not started")), "SIGINT");
    assert.equal((await ended)[0], 5);
    assert.equal(stdout, "ready\ncleaned up\n");
  });
});
