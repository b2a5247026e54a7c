import * as vscode from "vscode";
import type { Rooms } from "./composition.ts";
import { setContextKey } from "./editor/contextKeys.ts";
import { createLogger } from "./platform/logger.ts";

/** Commands of package.json, and what each does once the rooms stand. */
const commands: Readonly<Record<string, (rooms: Rooms) => unknown>> = {
  signIn: ({ actions }) => actions.signIn(),
  signOut: ({ actions }) => actions.signOut(),
  refresh: ({ actions }) => actions.refresh(),
  openSettings: ({ panel }) => panel.show(),
  setApiKey: ({ actions }) => actions.setApiKey(),
  removeApiKey: ({ actions }) => actions.removeApiKey(),
};

const hintKey = "signedIn";

let rooms: Promise<Rooms> | undefined;

/** Says what VS Code has to know at once; everything else is loaded when it is first asked for. */
export function activate(context: vscode.ExtensionContext): void {
  let channel: vscode.LogOutputChannel | undefined;
  const output = () => {
    channel ??= vscode.window.createOutputChannel("Sign in with ChatGPT", { log: true });
    return channel;
  };
  const hint = {
    get: () => context.globalState.get(hintKey) === true,
    set: (signedIn: boolean) => context.globalState.update(hintKey, signedIn),
  };
  const enter = () => {
    rooms ??= import("./composition.ts").then(({ compose }) =>
      compose({ context, log: createLogger(output), showLog: () => output().show(), hint }),
    );
    return rooms;
  };

  for (const [name, action] of Object.entries(commands)) {
    context.subscriptions.push(
      vscode.commands.registerCommand(`chatgptSignIn.${name}`, async () => action(await enter())),
    );
  }
  context.subscriptions.push({ dispose: () => channel?.dispose() });
  setContextKey("signedOut", !hint.get());
}

/** Lets a refresh that is under way be stored: its refresh token is spent. */
export async function deactivate(): Promise<void> {
  await (await rooms)?.dispose();
}
