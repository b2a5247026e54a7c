import assert from "node:assert/strict";
import * as vscode from "vscode";

/** The API as an extension of somebody else has it, with its own identity and consents. */
export async function anotherExtension(): Promise<typeof vscode> {
  const probe = vscode.extensions.getExtension<typeof vscode>("tests.probe");
  assert.ok(probe, "VS Code does not know the probe");
  return probe.activate();
}
