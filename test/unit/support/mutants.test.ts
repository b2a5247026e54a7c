import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { KillingTest } from "../../mutants/killers.ts";
import { type Mutant, mutantsOf } from "../../mutants/mutant.ts";
import { runMutants } from "../../mutants/runMutants.ts";
import { mutants } from "../../mutants/table.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { projectPath } from "../../support/projectRoot.ts";

describe("A run of mutants", function () {
  this.timeout(120_000);
  const file = "platform/backoff.ts";
  const wait = "stepsMs[Math.min(failures, stepsMs.length) - 1]";
  const of = (name: string, text: string, by: string, tests = "platform/backoff") =>
    mutantsOf(file, tests, [[name, text, by]]);
  const statusOf = async (list: readonly Mutant[], limitMs?: number) => {
    const verdicts = await runMutants(list, { lanes: 2, ...(limitMs !== undefined && { limitMs }) });
    return new Map(verdicts.map(({ mutant, status, why }) => [mutant.name, `${status}: ${why}`]));
  };

  it("tells the mutants that a test notices from those that none does", async () => {
    const verdicts = await statusOf([
      ...of("noticed", wait, "stepsMs[0]"),
      ...of("not noticed", " ?? 0", " || 0"),
      ...of("noticed by a test that is not run", wait, "stepsMs[0]", "platform/errno"),
    ]);
    assert.match(verdicts.get("noticed") ?? "", /^killed: \w/);
    assert.match(verdicts.get("not noticed") ?? "", /^survived: \d+ tests pass$/);
    assert.match(verdicts.get("noticed by a test that is not run") ?? "", /^survived: \d+ tests pass$/);
  });

  it("takes no mutant for noticed that says nothing about the tests", async () => {
    const verdicts = await statusOf([
      ...of("its text is not there", "no such text", ""),
      ...of("its text is there twice", "failures", ""),
      ...of("it is no program", wait, "stepsMs[("),
      ...of("it cannot be loaded", "export function backoff", "export function other"),
      ...of("it has no tests", wait, "stepsMs[0]", "platform/backoff / no such title"),
      ...of("its tests are not there", wait, "stepsMs[0]", "platform/none"),
      ...mutantsOf("platform/none.ts", "platform/backoff", [["its file is not there", "", ""]]),
    ]);
    for (const [name, verdict] of verdicts) assert.match(verdict, /^broken: ./s, name);
    assert.equal(verdicts.size, 7);
  });

  it("ends a mutant that does not come to an end, which counts as noticed", async () => {
    const verdicts = await statusOf(of("endless", "return ", "for (;;);\n  return "), 5_000);
    assert.match(verdicts.get("endless") ?? "", /its tests do not end/);
  });
});

describe("The test that is known to notice a mutant", function () {
  this.timeout(120_000);
  let folder: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    folder = temporaryDirectory();
  });
  afterEach(() => folder.remove());

  /** @returns the path of the test file below test/ */
  function write(name: string, tests: string): string {
    const file = join(folder.path, name);
    const source = JSON.stringify(projectPath("src", "platform", "backoff.ts"));
    writeFileSync(file, `import { backoff } from ${source};\nimport assert from "node:assert/strict";\n${tests}`);
    return relative(projectPath("test"), file);
  }

  async function verdictOf(tests: readonly string[], killer: KillingTest) {
    const [mutant] = mutantsOf("platform/backoff.ts", "", [
      ["some", "stepsMs[Math.min(failures, stepsMs.length) - 1]", "stepsMs[0]"],
    ]);
    assert.ok(mutant);
    const killers = new Map([["some", killer]]);
    const [verdict] = await runMutants([{ ...mutant, tests }], { lanes: 1, killers, limitMs: 10_000 });
    const { status, why, killer: found } = verdict ?? {};
    return { status, why, found };
  }
  const notices = "assert.equal(backoff([1, 2], 2), 2);";

  it("runs alone, without the other tests and files", async () => {
    const file = write(
      "some.test.mjs",
      `it("waits (2 times)", () => { ${notices} }); it("fails", () => assert.fail());`,
    );
    const killer = { file, title: "waits (2 times)" };
    const expected = { status: "killed", why: killer.title, found: killer };
    assert.deepEqual(await verdictOf([file, write("broken.test.mjs", "assert.fail();")], killer), expected);
  });

  it("is not needed: where it notices nothing, all tests run, and another one is found", async () => {
    const file = write("some.test.mjs", `it("adds", () => {}); it("waits", () => { ${notices} });`);
    const found = { file, title: "waits" };
    const expected = { status: "killed", why: "waits", found };
    assert.deepEqual(await verdictOf([file], { file, title: "adds" }), expected);
    assert.deepEqual(await verdictOf([file], { file, title: "no such title" }), expected);
    assert.deepEqual(await verdictOf([file], { file: "none.test.mjs", title: "waits" }), expected);
  });

  it("counts though its run does not end after it", async () => {
    const hangs = 'process.on("exit", () => { for (;;); });';
    const file = write(
      "some.test.mjs",
      `it("waits", () => { try { ${notices} } catch (error) { ${hangs} throw error; } });`,
    );
    const killer = { file, title: "waits" };
    assert.deepEqual(await verdictOf([file], killer), { status: "killed", why: "waits", found: killer });
  });

  it("is not believed when it fails without the mutant as well, or no other test does", async () => {
    const file = write(
      "some.test.mjs",
      'let runs = 0; it("first", () => { runs += 1; }); it("second", () => assert.ok(runs));',
    );
    const { status, found } = await verdictOf([file], { file, title: "second" });
    assert.deepEqual({ status, found }, { status: "survived", found: undefined });
  });

  it("is not found where it notices the mutant only after others", async () => {
    const tests = `let runs = 0; it("first", () => { runs += 1; }); it("second", () => { if (runs > 0) ${notices} });`;
    const file = write("some.test.mjs", tests);
    const { status, found } = await verdictOf([file], { file, title: "first" });
    assert.deepEqual({ status, found }, { status: "killed", found: undefined });
  });
});

describe("The table of mutants", () => {
  it("has each name once", () => {
    const names = mutants.map(({ name }) => name);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });
});
