import { useVscode } from "../support/useVscode.ts";
import type { Workbench } from "../support/workbench.ts";

/** Shown once the panel has its view: the page's own frame has no button. */
const view = 'vscode-button:has-text("Sign in with ChatGPT")';

const open = (workbench: Workbench) => workbench.runCommand("ChatGPT: Open ChatGPT Settings");
const hide = (workbench: Workbench) => workbench.runCommand("File: New Untitled Text File");

describe("the settings panel in VS Code", () => {
  const vscode = useVscode();

  it("always has its view, however often and quickly it is hidden, shown, closed and opened again", async () => {
    const workbench = await vscode.openWorkbench();
    for (let round = 0; round < 4; round += 1) {
      // Hidden before its page can have asked, and shown again.
      await open(workbench);
      await hide(workbench);
      await open(workbench);
      await workbench.webview(view);
      // Hidden when it had its view: VS Code loads the page again.
      await hide(workbench);
      await open(workbench);
      await workbench.webview(view);
      // Closed before its page can have asked, and opened again.
      await workbench.runCommand("View: Close All Editors");
      await open(workbench);
      await workbench.runCommand("View: Close All Editors");
      await open(workbench);
      await workbench.webview(view);
      await workbench.runCommand("View: Close All Editors");
    }
  });

  it("has its view as the first thing that is asked of a window, again and again", async () => {
    const workbench = await vscode.openWorkbench();
    for (let round = 0; round < 4; round += 1) {
      await open(workbench);
      await workbench.webview(view);
      await workbench.reload();
    }
  });
});
