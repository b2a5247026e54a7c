import type { Workbench } from "./workbench.ts";

/** What the extension asks before it signs an account out. */
export const signOutQuestion = "Sign out of";

/** Signs out with the command, and answers the question. */
export async function signOut(workbench: Workbench): Promise<void> {
  await workbench.runCommand("ChatGPT: Sign out");
  await workbench.answerDialog(signOutQuestion, "Sign Out");
}
