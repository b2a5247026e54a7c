import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { projectPath, projectRoot } from "../../support/projectRoot.ts";
import { patience } from "../../support/timing.ts";

describe("a check of the demo", () => {
  it("is refused with the installed VS Code before anything is started", function () {
    this.timeout(2 * patience);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", projectPath("scripts", "demo.ts"), "--check", "--desktop"],
      { cwd: projectRoot, encoding: "utf8", timeout: patience },
    );
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^--check signs in with the embedded issuer[^\n]+\n$/);
  });
});
