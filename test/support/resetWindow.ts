import assert from "node:assert/strict";
import { signOutQuestion } from "./signOutJourney.ts";
import { toggledSetting, type Workbench } from "./workbench.ts";

/**
 * Resets a window and its person's storage to how they were when it was opened, and closes their other pages.
 * @param settings the user settings to set, on top of the quiet ones
 * @param service the host to sign the browser out of
 */
export async function resetWindow(
  workbench: Workbench,
  settings: Readonly<Record<string, unknown>>,
  service: string,
): Promise<void> {
  const { page, server } = workbench;
  const person = page.context();
  for (const other of person.pages()) if (other !== page) await other.close();
  await person.clearCookies({ domain: service });
  await person.clearPermissions();
  assert.equal(await workbench.dialog.count(), 0, "a dialog was left open");
  // Keep this one, which the window toggles to show that it has read the others.
  server.resetSettings({ ...settings, [toggledSetting]: server.readSettings()[toggledSetting] });
  await workbench.updateSettings({});
  await signOut(workbench);
  await workbench.runCommand("View: Close All Editors");
  await workbench.clearNotifications();
}

/** Signs out of all accounts and removes the API key, until the palette offers neither. */
async function signOut(workbench: Workbench): Promise<void> {
  for (;;) {
    const offered = await workbench.paletteEntries("ChatGPT: ");
    if (offered.includes("ChatGPT: Sign out")) {
      await workbench.clearNotifications();
      await workbench.runCommand("ChatGPT: Sign out");
      await workbench.answerDialog(signOutQuestion, "Sign Out");
      await workbench.awaitNotification(/signed out/);
    } else if (offered.includes("ChatGPT: Remove OpenAI API Key")) {
      await workbench.runCommand("ChatGPT: Remove OpenAI API Key");
      await workbench.answerDialog("Remove the OpenAI API key from this computer?", "Remove");
      await workbench.awaitNotification("The API key was removed from this computer.");
    } else {
      return;
    }
  }
}
