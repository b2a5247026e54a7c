import { useVscode } from "../support/useVscode.ts";
import { leaveWebviewEmpty } from "../support/webviewWorker.ts";
import type { Workbench } from "../support/workbench.ts";

/** Shown once the panel has its view: the page's own frame has no button. */
const view = 'vscode-button:has-text("Sign in with ChatGPT")';

const open = (workbench: Workbench) => workbench.runCommand("ChatGPT: Open ChatGPT Settings");
const tab = (workbench: Workbench, name: RegExp) => workbench.page.getByRole("tab", { name }).first();

describe("the settings panel in VS Code", () => {
  const vscode = useVscode();

  it("always has its view, however often and quickly it is hidden, shown, closed and opened again", async () => {
    const workbench = await vscode.openWorkbench();
    await workbench.runCommand("File: New Untitled Text File");
    const other = tab(workbench, /Untitled/);
    const panel = tab(workbench, /ChatGPT Settings/);
    await open(workbench);
    for (let round = 0; round < 3; round += 1) {
      // Hidden before its page can have asked, and shown again: VS Code loads the page each time.
      for (let turn = 0; turn < 4; turn += 1) {
        await other.click();
        await panel.click();
      }
      await workbench.webview(view);
      // Hidden when it had its view.
      await other.click();
      await panel.click();
      await workbench.webview(view);
      await panel.click({ button: "middle" });
      await panel.waitFor({ state: "detached" });
      await open(workbench);
    }
    await workbench.webview(view);
  });

  it("has its view as the first thing that is asked of a window", async () => {
    const workbench = await vscode.openWorkbench();
    for (let round = 0; round < 2; round += 1) {
      await open(workbench);
      await workbench.webview(view);
      await workbench.reload();
    }
  });

  it("warns when VS Code does not load it, and appears after a reload of the window", async () => {
    const workbench = await vscode.openWorkbench();
    await leaveWebviewEmpty(workbench);
    await open(workbench);
    const warning = "VS Code hasn't loaded ChatGPT Settings. If the panel stays empty, reload the window.";
    await workbench.awaitNotification(warning);
    const reloaded = workbench.page.waitForEvent("load");
    await workbench.pressNotificationButton(warning, "Reload Window");
    await reloaded;
    await open(workbench);
    await workbench.webview(view);
  });
});
