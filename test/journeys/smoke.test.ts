import assert from "node:assert/strict";
import { eventually, patience } from "../support/timing.ts";
import { useVscode } from "../support/useVscode.ts";

describe("the packaged extension", () => {
  const vscode = useVscode();

  it("is in the palette under its title once installed", async () => {
    const workbench = await vscode.openWorkbench();
    await eventually(async () => {
      const entries = await workbench.paletteEntries("ChatGPT: ");
      assert.ok(entries.includes("ChatGPT: Sign in with ChatGPT"), `The palette offers ${JSON.stringify(entries)}`);
    }, patience);
  });
});
