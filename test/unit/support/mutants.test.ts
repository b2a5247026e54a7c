import assert from "node:assert/strict";
import { type Mutant, mutantsOf } from "../../mutants/mutant.ts";
import { runMutants } from "../../mutants/runMutants.ts";
import { mutants } from "../../mutants/table.ts";

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

describe("The table of mutants", () => {
  it("has each name once", () => {
    const names = mutants.map(({ name }) => name);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });
});
