import assert from "node:assert/strict";
import { useVscodeWithIssuer } from "../support/signInJourney.ts";

const accepted = "sk-test-own-key-000000000000000000000000";
const refused = "sk-test-nobody-knows-this-key-1234567890";
const keys = [accepted, refused].map((value) => ({ kind: "api_key" as const, value }));

describe("a person with an API key", () => {
  const { vscode, issuer } = useVscodeWithIssuer(() => ({ sharedWindow: true, hunted: { secrets: () => keys } }));

  it("sets it, sees it masked, is refused another without losing it, and removes it", async () => {
    const workbench = await vscode.openWorkbench();
    await workbench.runCommand("ChatGPT: Set OpenAI API Key");
    await workbench.awaitQuickInput("Set OpenAI API Key");
    assert.equal(await workbench.quickInputField.getAttribute("type"), "password");
    await workbench.fillQuickInput("not a key", { accept: false });
    await workbench.awaitQuickInput("starts with “sk-” or “sess-”");
    await workbench.fillQuickInput(accepted);
    await workbench.awaitNotification("API key verified and saved.");
    assert.equal(issuer().recordsOf("models").at(-1)?.credential, "own key");

    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const panel = await workbench.webview("text=sk-…0000");

    await panel.getByRole("button", { name: "Replace OpenAI API key" }).click();
    await workbench.fillQuickInput(refused);
    await workbench.awaitNotification("OpenAI didn't accept this API key.");
    await panel.getByText("sk-…0000").waitFor();

    await workbench.reload();
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const again = await workbench.webview("text=sk-…0000");
    await again.getByRole("button", { name: "Remove OpenAI API key" }).click();
    await workbench.answerDialog("Remove the OpenAI API key from this computer?", "Remove");
    await again.getByRole("paragraph").filter({ hasText: "No API key is set." }).waitFor();
  });

  it("may keep a key unchecked when the API does not answer", async () => {
    const workbench = await vscode.openWorkbench();
    issuer().faults.set("models", { kind: "serverError" });
    await workbench.runCommand("ChatGPT: Set OpenAI API Key");
    await workbench.fillQuickInput(accepted);
    await workbench.answerDialog("Save anyway?", "Cancel");
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const panel = await workbench.webview("text=No API key is set.");
    await panel.getByRole("button", { name: "Set OpenAI API key" }).click();
    await workbench.fillQuickInput(accepted);
    await workbench.answerDialog("Save anyway?", "Save Anyway");
    await panel.getByText("sk-…0000").waitFor();
    await panel.getByText("Not verified").waitFor();
  });
});
