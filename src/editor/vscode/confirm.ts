import * as vscode from "vscode";

/** What is asked. */
export interface Question {
  readonly question: string;
  readonly detail: string;
  /** The button that changes nothing. */
  readonly no: string;
}

/**
 * Asks the person in a modal dialog, which no other extension can answer. Enter presses its first button, and Escape the
 * Cancel button that VS Code adds: neither changes anything.
 * @param choices the buttons that change something; without any, the dialog only informs
 * @returns the choice; undefined for none of them
 */
export async function choose<Choice extends string>(
  { question, detail, no }: Question,
  choices: readonly Choice[],
): Promise<Choice | undefined> {
  const buttons = choices.length > 0 ? [no, ...choices] : [];
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, ...buttons);
  return choices.find((choice) => choice === answer);
}

/** Asks the person in the same way for a yes. @param yes the button that agrees */
export async function confirm(question: Question, yes: string): Promise<boolean> {
  return (await choose(question, [yes])) === yes;
}
