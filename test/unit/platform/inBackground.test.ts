import assert from "node:assert/strict";
import { inBackground } from "../../../src/platform/inBackground.ts";
import { createLogger } from "../../../src/platform/logger.ts";

describe("What happens in the background", () => {
  it("is logged when it fails, without the text of the error", async () => {
    const lines: string[] = [];
    const write = (line: string) => lines.push(line);
    const log = createLogger(() => ({ debug: write, info: write, warn: write, error: write }));
    inBackground(Promise.resolve(), log, "The answer could not be remembered");
    inBackground(Promise.reject(new Error("canary-text")), log, "The answer could not be remembered");
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(lines, ["The answer could not be remembered: Error"]);
  });
});
