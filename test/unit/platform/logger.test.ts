import assert from "node:assert/strict";
import { createLogger, describeError } from "../../../src/platform/logger.ts";
import { Problem } from "../../../src/shared/problem.ts";

describe("The description of an error", () => {
  const described: readonly [string, unknown, string][] = [
    ["one of ours", new Problem("serviceFailed", "503 overloaded"), "Problem serviceFailed (503 overloaded)"],
    ["one with a code", Object.assign(new TypeError("canary text"), { code: "EPIPE" }), "TypeError EPIPE"],
    ["one of others", new Error("canary text"), "Error"],
    ["one whose code is no text", Object.assign(new Error("canary"), { code: { canary: 1 }, detail: 7 }), "Error"],
    ["a text", "canary text", "string"],
    ["nothing", undefined, "undefined"],
  ];
  for (const [name, error, line] of described) {
    it(`is its name and code, and nothing of its message: ${name}`, () => assert.equal(describeError(error), line));
  }
});

describe("The log", () => {
  it("makes its sink with the first line", () => {
    let made = 0;
    const lines: string[] = [];
    const write = (line: string) => lines.push(line);
    const log = createLogger(() => {
      made += 1;
      return { debug: write, info: write, warn: write, error: write };
    });
    assert.equal(made, 0);
    for (const level of ["debug", "info", "warn", "error"] as const) log[level](`${level} sk-canary0123456789`);
    assert.deepEqual(lines, ["debug <key>", "info <key>", "warn <key>", "error <key>"]);
  });
});
