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
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { projectPath } from "../../support/projectRoot.ts";
import { eventually, patience } from "../../support/timing.ts";
import { outer } from "./outerEnvironment.ts";

describe("the tools' installation", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "toolchain-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Puts a program named npm that runs `script` (for sh) first on PATH; returns what runs `code` with our tools. */
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
  /** What npm does in its working directory when all goes well. */
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
    // So an npm that a package's script starts has them, too, and they override an .npmrc.
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

  it("builds what a package installs with npm, whatever the .npmrc says", function () {
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
    // Like a terminal, to all at once.
    process.kill(-(child.pid ?? assert.fail("not started")), "SIGINT");
    const [status] = await ended;
    assert.equal(status, 1);
    assert.match(said, /failed \(SIGINT\)/);
    assert.deepEqual(readdirSync(cache()), []);
  });

  it("removes the files of a killed one after a day", () => {
    for (const name of ["installing-old", "installing-new"]) mkdirSync(join(cache(), name), { recursive: true });
    const longAgo = Date.now() / 1000 - 25 * 60 * 60;
    utimesSync(join(cache(), "installing-old"), longAgo, longAgo);
    mkdirSync(join(cache(), "node-24.21.0"));
    utimesSync(join(cache(), "node-24.21.0"), longAgo, longAgo);
    const { status, stderr } = runWithNpm(makeTool);
    assert.equal(status, 0, stderr);
    assert.deepEqual(readdirSync(cache()).sort(), ["installing-new", "node-24.21.0", "tool"]);
  });

  it("uses what another process has installed at the same time", () => {
    const { status, stderr } = runWithNpm(`mkdir -p "${tool()}" && echo theirs > "${tool()}/start"; ${makeTool}`);
    assert.equal(status, 0, stderr);
    assert.deepEqual(readdirSync(cache()), ["tool"]);
    assert.equal(readFileSync(join(tool(), "start"), "utf8"), "theirs\n");
  });

  it("uses what is there, and makes it again when something is missing", () => {
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

  it("gives others access according to the umask", () => {
    for (const umask of [0o022, 0o027]) {
      rmSync(cache(), { recursive: true, force: true });
      const { status, stderr } = runWithNpm(makeTool, `process.umask(${umask}); ${install}`);
      assert.equal(status, 0, stderr);
      assert.equal(statSync(join(cache(), "tool")).mode & 0o777, 0o777 & ~umask);
    }
  });

  it("keeps a damaged one that cannot be made again", () => {
    mkdirSync(tool(), { recursive: true });
    writeFileSync(join(tool(), "rest"), "of it");
    assert.equal(runWithNpm("exit 1").status, 1);
    assert.deepEqual(readdirSync(tool()), ["rest"]);
  });

  it("fails when npm has put it elsewhere", () => {
    const { status, stderr } = runWithNpm("mkdir node_modules");
    assert.equal(status, 1);
    assert.match(stderr, /left no node_modules\/tool\/start\./);
    assert.deepEqual(readdirSync(cache()), []);
  });

  it("says what to do when it cannot write", () => {
    writeFileSync(join(folder, "file"), "");
    const { status, stderr } = runWithNpm(makeTool, install, { CHATGPT_SIGN_IN_CACHE: join(folder, "file", "cache") });
    assert.equal(status, 1);
    assert.match(stderr, /Nothing can be written to the folder .*file\/cache.*Set CHATGPT_SIGN_IN_CACHE to one where/);
  });

  it("gives npm our cache when it cannot write to the home folder", () => {
    const HOME = join(folder, "nowhere");
    const { status, stderr } = runWithNpm(`echo "$npm_config_cache" > "$SEEN_FILE"; ${makeTool}`, install, { HOME });
    assert.equal(status, 0, stderr);
    assert.equal(readFileSync(join(folder, "seen"), "utf8"), `${join(cache(), "npm")}\n`);
  });

  for (const [what, version, headers, own] of [
    ["the running Node", "24.2.0", true, true],
    ["another than one without import.meta.main", "24.1.0", true, false],
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

  it("keeps the npm cache that the person has set", () => {
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
