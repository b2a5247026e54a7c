import { randomUUID } from "node:crypto";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Services } from "./composition.ts";
import { registerChatModels } from "./editor/chat/register.ts";
import { registerAuthenticationProvider } from "./editor/sessions/authenticationProvider.ts";
import { KnownAccounts } from "./editor/sessions/knownAccounts.ts";
import { createStatusBar } from "./editor/status/statusBar.ts";
import { mayRun } from "./editor/vscode/commandLinks.ts";
import { setContextKey } from "./editor/vscode/contextKeys.ts";
import { Hints } from "./editor/vscode/hints.ts";
import { VerifiedMemento } from "./editor/vscode/verifiedMemento.ts";
import { createLogger, describeError } from "./platform/logger.ts";
import { type Remembered, remember } from "./platform/remember.ts";
import { type CommandId, commandIds, commandOf } from "./shared/actionIds.ts";

let services: Remembered<Services> | undefined;

/** Tells VS Code what it has to know at once. Everything else is loaded when it is first asked for. */
export function activate(context: vscode.ExtensionContext): void {
  const memory = new VerifiedMemento(context.globalState);
  const hints = new Hints(memory);
  const known = new KnownAccounts(memory);
  const output = lazyOutput();
  const log = createLogger(output.channel);
  const showLog = () => output.channel().show();
  const linkProof = randomUUID();
  const modelsChanged = new vscode.EventEmitter<void>();
  const loaded = remember(async () => {
    const { compose } = await import("./composition.ts");
    return compose({
      ...{ context, memory, hints, known, linkProof, log, showLog },
      environment: process.env,
      onModelsChanged: () => modelsChanged.fire(),
      onSessionsChanged: (change) => tellSessions(change),
    });
  });
  services = loaded;
  const load = () => loaded.get();
  const isLoaded = () => loaded.current !== undefined;
  // In the background: a failure here is shown when the person next asks for something.
  const follow = () => void load().catch((error: unknown) => log.warn(`Not ready: ${describeError(error)}`));

  registerCommands(context, linkProof, async (id) => {
    try {
      const { run } = await load();
      await run(id);
    } catch (error) {
      const { Notifications } = await import("./editor/vscode/notifications.ts");
      new Notifications(log, showLog).problem("A command", error);
    }
  });
  context.subscriptions.push(
    registerChatModels({
      ...{ isLoaded, memory, log },
      hasCredential: () => hints.hasCredential,
      load: async () => (await load()).chatModels(),
      onDidChange: modelsChanged.event,
    }),
    modelsChanged,
  );
  const tellSessions = registerAuthenticationProvider({
    ...{ context, known, isLoaded, log },
    load: async () => (await load()).sessions,
  });
  createStatusBar(context, known);
  // Another window changed something, where VS Code tells of that: this window shows it.
  context.subscriptions.push(context.secrets.onDidChange(follow));
  followTerminalSetting(context, hints, follow);
  context.subscriptions.push(output);
  // VS Code asks for models only after an event that they have changed.
  if (hints.hasCredential) modelsChanged.fire();
  setContextKey("signedOut", !hints.isSignedIn);
  setContextKey("signedIn", hints.isSignedIn);
}

/** Lets a refresh that is under way be stored: its refresh token works only once. */
export async function deactivate(): Promise<void> {
  const loaded = await services?.current?.catch(() => undefined);
  await loaded?.dispose();
}

/** The log, which is created for its first line. */
function lazyOutput() {
  let channel: vscode.LogOutputChannel | undefined;
  return {
    channel: () => {
      channel ??= vscode.window.createOutputChannel(l10n.t("Sign in with ChatGPT"), { log: true });
      return channel;
    },
    dispose: () => channel?.dispose(),
  };
}

/**
 * Any extension may run a command, so none answers anything, and an action asks the person itself where something would
 * be lost, given away or spent.
 */
function registerCommands(
  context: vscode.ExtensionContext,
  linkProof: string,
  run: (id: CommandId) => Promise<void>,
): void {
  for (const id of commandIds) {
    const command = async (...args: unknown[]) => {
      if (mayRun(id, args, linkProof)) await run(id);
    };
    context.subscriptions.push(vscode.commands.registerCommand(commandOf(id), command));
  }
}

/** Loads the services while the setting is on. The person's consent ends with the setting, in whichever window. */
function followTerminalSetting(context: vscode.ExtensionContext, hints: Hints, follow: () => void): void {
  const update = () => {
    const isOn = vscode.workspace.getConfiguration("chatgptSignIn").get("terminalEnvironment") === true;
    if (isOn) follow();
    else hints.terminalConsent.forget();
  };
  update();
  context.subscriptions.push(vscode.workspace.onDidChangeConfiguration(update));
}
