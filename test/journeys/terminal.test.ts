import assert from "node:assert/strict";
import { signInWithKey } from "../support/consumerJourney.ts";
import { useVscodeWithIssuer } from "../support/signInJourney.ts";
import { signOut } from "../support/signOutJourney.ts";
import { eventually, patience } from "../support/timing.ts";
import type { Workbench } from "../support/workbench.ts";

/** Opens a terminal and resolves with what is left of the prompt's line after `command` has run in it. */
async function printed(workbench: Workbench, command: string): Promise<string> {
  await workbench.runCommand("Terminal: Create New Terminal");
  const rows = workbench.page.locator(".terminal-wrapper.active .xterm-rows");
  await rows.waitFor();
  await eventually(async () => {
    const text = await rows.innerText();
    // Until the new one is there, the one before it is the active one.
    assert.ok(/[$#]/.test(text) && !text.includes("printf"), text);
  }, patience);
  await workbench.page.keyboard.type(command);
  await workbench.page.keyboard.press("Enter");
  return eventually(async () => {
    const text = (await rows.innerText()).replaceAll("\u00a0", " ");
    return /<(\S*)>\s/.exec(text.replaceAll(command, ""))?.[1] ?? assert.fail(`The terminal shows: ${text}`);
  }, patience);
}

// Quoted apart, so that the command's own echo is not taken for its output.
const show = (value: string) => `printf '%s%s%s\\n' '<' "\${${value}}" '>'`;
const lastFour = show("OPENAI_API_KEY: -4");
const anything = show("OPENAI_API_KEY:-none");

describe("a person who wants the API key in terminals", () => {
  const { vscode, issuer } = useVscodeWithIssuer();

  it("has it in new ones from the setting to the sign-out, and it is stored nowhere", async () => {
    const workbench = await vscode.openWorkbench();
    await workbench.updateSettings({
      "terminal.integrated.gpuAcceleration": "off",
      "terminal.integrated.defaultProfile.linux": "bash",
    });
    const key = await signInWithKey(workbench, issuer());
    assert.equal(await printed(workbench, anything), "none");

    await workbench.updateSettings({ "chatgptSignIn.terminalEnvironment": true });
    await workbench.answerDialog("Provide the API key to integrated terminals?", "Allow");
    await eventually(async () => assert.equal(await printed(workbench, lastFour), key.slice(-4)), patience);

    // The terminal that was used before gets VS Code's own hint: a badge that offers to relaunch it.
    await workbench.page.locator(".terminal-tabs-entry .monaco-decoration-badge").waitFor();

    await vscode.hunt().assertNone();

    await signOut(workbench);
    await workbench.awaitNotification("You're signed out of ChatGPT on this computer.");
    assert.equal(await printed(workbench, anything), "none");
  });
});
