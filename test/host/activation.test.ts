import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { basename } from "node:path";
import * as vscode from "vscode";
import manifest from "../../package.json" with { type: "json" };

/** Pieces of ours that the extension host has evaluated. */
function loadedPieces(): string[] {
  const { cache } = createRequire(__filename);
  return Object.keys(cache)
    .filter((path) => /[\\/]dist[\\/][^\\/]+\.cjs$/.test(path))
    .map((path) => basename(path));
}

describe("activation", () => {
  it("evaluates the entry and what it needs at once, and nothing of what comes later", async () => {
    const extension = vscode.extensions.getExtension(`${manifest.publisher}.${manifest.name}`);
    await extension?.activate();
    const pieces = loadedPieces();
    assert.ok(pieces.includes("extension.cjs"), `Loaded: ${pieces}`);
    for (const later of ["composition", "axios", "esm"]) {
      assert.ok(!pieces.some((piece) => piece.startsWith(later)), `Loaded: ${pieces}`);
    }
  });
});
