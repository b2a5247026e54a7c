import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { projectPath } from "../../support/projectRoot.ts";

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

  it("is installed once, again when the lock file differs, and again when a package is missing", () => {
    assert.equal(ensure(), "ci\n");
    assert.equal(ensure(), "ci\n");
    const lock = join(folder, "package-lock.json");
    writeFileSync(lock, `${readFileSync(lock, "utf8")}\n`);
    assert.equal(ensure(), "ci\nci\n");
    // Like `npm prune --omit=dev`, which keeps the mark of the last installation.
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
    ["which has ended before it wrote its id", "…", 0],
    ["whose id another one has now", process.pid, 16 * 60 * 1000],
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

  it("waits for no process that had the same id, as in a container", () => {
    mkdirSync(join(folder, "out"));
    const { args, env } = command();
    const left = `(await import("node:fs")).writeFileSync(${JSON.stringify(join(folder, "out", "installing"))}, String(process.pid));`;
    const code = [...args.slice(0, -1), `${left}\n${args.at(-1)}`];
    const { status } = spawnSync(process.execPath, code, { env, timeout: 20_000 });
    assert.equal(status, 0);
  });

  it("does not wait for an installation that has failed", () => {
    const npm = join(folder, "npm");
    const good = readFileSync(npm, "utf8");
    writeFileSync(npm, "#!/bin/sh\nexit 1\n");
    assert.throws(ensure, /npm ci failed/);
    writeFileSync(npm, good);
    assert.equal(ensure(), "ci\n");
  });
});
