import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { projectPath } from "../../support/projectRoot.ts";

describe("what continuous integration runs", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    folder = temporaryDirectory();
  });
  afterEach(() => folder.remove());

  /** Runs it with an npm whose `npm test` and `npm run demo` are these programs for sh. */
  function run(test: string, demo = "exit 0") {
    const bin = join(folder.path, "bin");
    const programs = {
      node: "echo v20.1.0",
      npm: `case "$*" in *--version) echo 10.1.0 ;; *demo*) ${demo} ;; *) ${test} ;; esac`,
    };
    mkdirSync(bin, { recursive: true });
    mkdirSync(join(folder.path, ".ci"), { recursive: true });
    for (const [name, code] of Object.entries(programs)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${code}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    copyFileSync(projectPath(".ci", "run"), join(folder.path, ".ci", "run"));
    const { status, stdout } = spawnSync("bash", [join(folder.path, ".ci", "run")], {
      encoding: "utf8",
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
      maxBuffer: 64 * 1024 * 1024,
    });
    return { status, last: stdout.trimEnd().split("\n").at(-1) };
  }

  for (const [what, test, demo, expected] of [
    ["all that passes", "echo 7 passed, 0 failed", "exit 0", { status: 0, last: "8 passed, 0 failed" }],
    ["what fails", "echo 7 passed, 2 failed; exit 1", "exit 0", { status: 1, last: "8 passed, 2 failed" }],
    ["a demo that fails", "echo 7 passed, 0 failed", "exit 1", { status: 1, last: "7 passed, 1 failed" }],
    ["tests that end badly", "echo 7 passed, 0 failed; exit 3", "exit 0", { status: 1, last: "8 passed, 1 failed" }],
    ["tests that say nothing", "exit 0", "exit 0", { status: 1, last: "1 passed, 1 failed" }],
    [
      "the last line only, whatever is printed before",
      "printf 'a\\0b\\377\\n9 passed, 9 failed\\n'; head -c 3000000 /dev/zero | tr '\\0' x; printf '\\n7 passed, 0 failed\\n'",
      "exit 0",
      { status: 0, last: "8 passed, 0 failed" },
    ],
  ] as const) {
    it(`counts ${what}`, () => assert.deepEqual(run(test, demo), expected));
  }
});
