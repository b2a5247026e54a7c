import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { projectPath } from "../../support/projectRoot.ts";
import { runSuite, type Suite } from "../../support/suite.ts";
import { RESULT_FILE } from "../../support/testReporter.ts";

/** What `npm test` counts: a suite must not come to nothing and be taken for a success. */
describe("a suite", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    folder = temporaryDirectory();
  });
  afterEach(() => folder.remove());

  let said = "";
  async function outcome(program: string, options: Partial<Suite> = {}) {
    const file = join(folder.path, "suite.mjs");
    writeFileSync(file, program);
    said = "";
    const suite: Suite = { name: "some", args: [file], limit: 20_000, ...options };
    const { passed, failed, failures } = await runSuite(
      suite,
      join(folder.path, "result.json"),
      (text) => {
        said += text;
      },
      2000,
    );
    return { passed, failed, failures };
  }
  /** The program of a suite that writes its result, and then does more. */
  const writes = (result: unknown, more = "") =>
    `(await import("node:fs")).writeFileSync(process.env.${RESULT_FILE}, ${JSON.stringify(JSON.stringify(result))});\n${more}`;
  const good = { passed: 2, failed: 0, failures: [] };
  const bad = { passed: 1, failed: 1, failures: ["adds"] };

  it("that says what passed and failed is believed", async () => {
    assert.deepEqual(await outcome(writes(good)), good);
    assert.deepEqual(await outcome(writes(bad, "process.exitCode = 1;")), bad);
    assert.deepEqual(await outcome(writes(bad)), bad);
  });

  it("is heard, on both of its streams", async () => {
    await outcome(writes(good, 'console.log("one"); console.error("two");'));
    assert.match(said, /one\n/);
    assert.match(said, /two\n/);
  });

  for (const [what, program, why, passed] of [
    ["crashes before its end", "process.abort();", "ran no test (exit code SIGABRT)", 0],
    ["ends too early", "process.exit(0);", "ran no test (exit code 0)", 0],
    ["waits for what never comes", "await new Promise(() => {});", "ran no test (exit code 13)", 0],
    ["has no test", writes({ passed: 0, failed: 0, failures: [] }), "ran no test (exit code 0)", 0],
    ["passes and then crashes", writes(good, "process.exit(3);"), "ended with 3", 2],
    ["is killed after its tests", writes(good, 'process.kill(process.pid, "SIGKILL");'), "ended with SIGKILL", 2],
    ["writes half a result", writes(good).replace("}", ""), "ran no test (exit code 0)", 0],
    ["writes no numbers", writes({}), "ran no test (exit code 0)", 0],
    ["writes texts for numbers", writes({ ...good, passed: "2" }), "ran no test (exit code 0)", 0],
    ["writes nothing at all", writes(null), "ran no test (exit code 0)", 0],
  ] as const) {
    it(`that ${what} has failed`, async () => {
      assert.deepEqual(await outcome(program), { passed, failed: 1, failures: [`the suite ${why}`] });
    });
  }

  it("that hangs is ended and has failed, also when it hears nothing", async () => {
    const failures = ["the suite did not end within 4 s"];
    const hangs = "setInterval(() => {}, 1000);";
    assert.deepEqual(await outcome(hangs, { limit: 4000 }), { passed: 0, failed: 1, failures });
    const deaf = writes(good, `process.on("SIGINT", () => {}); ${hangs}`);
    assert.deepEqual(await outcome(deaf, { limit: 4000 }), { ...good, failed: 1, failures });
  });

  it("that leaves a program behind is not waited for", async () => {
    const leaves = `(await import("node:child_process")).spawn("sleep", ["20"], { stdio: "inherit", detached: true }).unref();`;
    const started = performance.now();
    const failures = ["the suite left a program behind that holds its output"];
    assert.deepEqual(await outcome(writes(good, leaves)), { ...good, failed: 1, failures });
    assert.ok(performance.now() - started < 15_000, "it was waited for");
  });

  it("that is no test runner counts as one test", async () => {
    const single = true;
    assert.deepEqual(await outcome("", { single }), { passed: 1, failed: 0, failures: [] });
    const failures = ["the suite ended with 1"];
    assert.deepEqual(await outcome("process.exitCode = 1;", { single }), { passed: 0, failed: 1, failures });
  });

  it("that cannot be started has failed", async () => {
    const network = [join(folder.path, "nothing")];
    const { failed, failures } = await outcome(writes(good), { network });
    assert.equal(failed, 1);
    assert.match(failures.join(), /^the suite ran no test \(exit code spawn .* ENOENT\)$/);
  });
});

describe("a run of tests", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    folder = temporaryDirectory();
  });
  afterEach(() => folder.remove());

  function run(code: string) {
    const file = join(folder.path, "some.test.mjs");
    writeFileSync(file, code);
    const result = join(folder.path, "result.json");
    const { status, stdout } = spawnSync(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", projectPath("test", "support", "runMocha.ts"), "2000", file],
      { encoding: "utf8", env: { ...process.env, [RESULT_FILE]: result, MOCHA_GREP: "" } },
    );
    return { passed: status === 0 && existsSync(result), stdout, result };
  }

  it("reports what failed with its error, shortened", () => {
    const { result } = run(
      'describe("a sum", () => it("adds", () => { throw new Error("1 + 1\\n" + "3".repeat(5000)); }));',
    );
    const { failures } = JSON.parse(readFileSync(result, "utf8")) as { failures: string[] };
    assert.match(failures.join(), /^a sum adds\n {4}1 \+ 1\n {4}3{1900,2000}…$/);
  });

  for (const [what, code] of [
    ["a failing test", 'it("adds", () => { throw new Error("no"); });'],
    ["a skipped test", 'it("adds", () => {}); it.skip("divides", () => {});'],
    ["a test that skips itself", 'it("adds", () => {}); it("divides", function () { this.skip(); });'],
    ["a test without a body", 'it("adds", () => {}); it("divides");'],
    ["one test alone", 'it("adds", () => {}); it.only("divides", () => {});'],
    ["a file that cannot be loaded", 'it("adds", () => {}); throw new Error("no");'],
    ["a failing hook", 'it("adds", () => {}); after(() => { throw new Error("no"); });'],
    [
      "an error that nobody awaits",
      'it("adds", async () => { Promise.reject(new Error("no")); await new Promise(setImmediate); });',
    ],
    [
      "an error that nobody awaits at the very end",
      'it("adds", () => {}); after(async () => { Promise.reject(new Error("no")); });',
    ],
    [
      "a test that passes at its second try",
      'let tries = 0; it("adds", () => { if (++tries < 2) throw new Error("no"); });',
    ],
  ] as const) {
    it(`has failed with ${what}`, () => {
      const { passed, stdout } = run(code);
      assert.equal(passed, false, stdout);
    });
  }

  it("has passed otherwise", () => {
    const { passed, stdout } = run('it("adds", () => {});');
    assert.equal(passed, true, stdout);
  });
});
