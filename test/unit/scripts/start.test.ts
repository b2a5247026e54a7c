import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { projectPath, projectRoot } from "../../support/projectRoot.ts";
import { outer } from "./outerEnvironment.ts";

describe("a Node that is too old", () => {
  for (const version of ["4.9.1", "12.22.12", "18.20.8", "19.9.0"]) {
    it(`is refused in one sentence: ${version}`, () => {
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

  it("can read the file that refuses it, whatever its age", () => {
    const code = readFileSync(projectPath("scripts", "start.cjs"), "utf8").replace(/^\/\/.*$/gm, "");
    assert.doesNotMatch(code, /\b(?:import|const|let|async|class)\b|=>|`|\?\.|\?\?|\.\.\.|,\s*[)\]}]/);
  });

  it("is not 20 or later", () => {
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

describe("a failure to start a script", () => {
  it("is one sentence, without a stack", () => {
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

  it("passes its exit code on", async () => {
    for (const code of [0, 1, 7]) assert.equal((await outcome(started(`process.exit(${code});`))).status, code);
  });

  it("has failed when a signal ended it, or when it waits forever", async () => {
    assert.equal((await outcome(started('process.kill(process.pid, "SIGKILL");'))).status, 1);
    assert.notEqual((await outcome(started("await new Promise(() => {});"))).status, 0);
  });

  it("gets its arguments unchanged, the project's programs, and the clone as its folder", async () => {
    const args = ["--grep", "a 'b' \"c\" $d é;", "", "*"];
    const code =
      "console.log(JSON.stringify([process.argv.slice(2), process.cwd(), process.env.PATH, process.version]));";
    const { stdout } = await outcome(started(code, args));
    const [given, cwd, path, version] = JSON.parse(stdout) as [string[], string, string, string];
    assert.deepEqual(given, args);
    assert.equal(cwd, realpathSync(projectRoot));
    assert.equal(path.split(delimiter)[0], projectPath("node_modules", ".bin"));
    // For the npm beside the Node that was called by its path.
    assert.equal(path.split(delimiter).at(-1), dirname(process.execPath));
    assert.match(version, /^v24\./);
  });

  it("has no variable of the outer package manager, and an absolute cache folder", async () => {
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

  it("gets SIGTERM, and is waited for", async () => {
    const code = `process.on("SIGTERM", () => setTimeout(() => { console.log("cleaned up"); process.exit(4); }, 200));
      console.log("ready"); setInterval(() => {}, 1000);`;
    const child = started(code);
    const ended = outcome(child);
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, { status: 4, stdout: "ready\ncleaned up\n" });
  });

  it("is waited for after Ctrl-C, which a terminal sends to all its processes", async () => {
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
