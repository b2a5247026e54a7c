import * as vscode from "vscode";
import type { SignedInHint } from "./account/accountsReader.ts";
import type { Services } from "./composition.ts";
import { registerChatModels } from "./editor/chat/register.ts";
import { registerAuthenticationProvider } from "./editor/sessions/authenticationProvider.ts";
import { KnownAccounts } from "./editor/sessions/knownAccounts.ts";
import { createStatusBar } from "./editor/status/statusBar.ts";
import { setContextKey } from "./editor/vscode/contextKeys.ts";
import { VerifiedMemento } from "./editor/vscode/verifiedMemento.ts";
import { createLogger, describeError } from "./platform/logger.ts";
import { type Remembered, remember } from "./platform/remember.ts";

/** Commands of package.json, and what each does once the services stand. */
const commands = {
  signIn: ({ actions }) => actions.signIn(),
  signInWithDeviceCode: ({ actions }) => actions.signInWith("deviceCode"),
  pasteSignInLink: ({ actions }) => actions.signInWith("paste"),
  // Links of the notification of a running sign-in; not in the palette.
  signInWithBrowser: ({ actions }) => actions.signInWith("browser"),
  copySignInLink: ({ actions }) => actions.copySignInLink(),
  copyDeviceCode: ({ actions }) => actions.copyDeviceCode(),
  openDevicePage: ({ actions }) => actions.openDevicePage(),
  addAccount: ({ actions }) => actions.signIn({ chooseAccount: true }),
  switchAccount: (services) => services.pickAccount(),
  // The status bar's; not in the palette.
  showMenu: (services) => services.showMenu(),
  signOut: ({ actions }) => actions.signOut(),
  refresh: ({ actions }) => actions.refresh(),
  importFromCodex: ({ actions }) => actions.importFromCodex(),
  exportToCodex: ({ actions }) => actions.exportToCodex(),
  openSettings: ({ panel }) => panel.show(),
  setApiKey: ({ actions }) => actions.setApiKey(),
  adoptEnvironmentKey: ({ actions }) => actions.adoptEnvironmentKey(),
  removeApiKey: ({ actions }) => actions.removeApiKey(),
  allowChatWithoutGitHub: (services) => services.allowChatWithoutGitHub(),
} satisfies Record<string, (services: Services) => unknown>;

const hintKey = "signedIn";
const ownKeyHintKey = "ownKey";
const terminalConsentKey = "terminalConsent";

let services: Remembered<Services> | undefined;

/** Says what VS Code has to know at once; everything else is loaded when it is first asked for. */
export function activate(context: vscode.ExtensionContext): void {
  const memory = new VerifiedMemento(context.globalState);
  let channel: vscode.LogOutputChannel | undefined;
  const output = () => {
    channel ??= vscode.window.createOutputChannel("Sign in with ChatGPT", { log: true });
    return channel;
  };
  const hint: SignedInHint = {
    get: () => (memory.get(hintKey) === "missing" ? "missing" : memory.get(hintKey) === true),
    set: (signedIn) => memory.update(hintKey, signedIn),
  };
  const isSignedIn = () => hint.get() === true;
  const modelsChanged = new vscode.EventEmitter<void>();
  const known = new KnownAccounts(memory);
  const log = createLogger(output);
  const showLog = () => output().show();
  const entered = remember(async () => {
    const { compose } = await import("./composition.ts");
    return compose({
      context,
      memory,
      log,
      showLog,
      hint,
      terminalConsent: {
        get: () => memory.get(terminalConsentKey),
        set: (answer) => memory.update(terminalConsentKey, answer),
      },
      rememberOwnKey: (isSet) => void memory.update(ownKeyHintKey, isSet),
      onModelsChanged: () => modelsChanged.fire(),
      known,
      onSessionsChanged: (change) => tellSessions(change),
    });
  });
  services = entered;
  const enter = () => entered.get();
  // Nobody waits for these; whoever asks for something next tries again, and is told.
  const follow = () => void enter().catch((error: unknown) => log.warn(`Not ready: ${describeError(error)}`));

  for (const [name, action] of Object.entries(commands)) {
    context.subscriptions.push(
      vscode.commands.registerCommand(`chatgptSignIn.${name}`, async () => {
        // Any extension may run a command, so none answers anything.
        try {
          await action(await enter());
        } catch (error) {
          const { Notifications } = await import("./editor/vscode/notifications.ts");
          new Notifications(log, showLog).problem("A command", error);
        }
      }),
    );
  }
  const hasCredential = () => isSignedIn() || memory.get(ownKeyHintKey) === true;
  context.subscriptions.push(
    registerChatModels({
      hasCredential,
      load: async () => (await enter()).chatModels(),
      isLoaded: () => entered.current !== undefined,
      memory,
      onDidChange: modelsChanged.event,
    }),
    modelsChanged,
  );
  const tellSessions = registerAuthenticationProvider(
    context,
    known,
    () => entered.current !== undefined,
    async () => (await enter()).sessions,
  );
  createStatusBar(context, known);
  // Of another window, where the host tells: this one's surfaces follow.
  context.subscriptions.push(context.secrets.onDidChange(follow));
  const followTerminals = () => {
    if (vscode.workspace.getConfiguration("chatgptSignIn").get("terminalEnvironment") === true) follow();
    // The person's word for it ends with the setting, in whichever window that is noticed.
    else if (memory.get(terminalConsentKey)) void memory.update(terminalConsentKey, undefined);
  };
  followTerminals();
  context.subscriptions.push(vscode.workspace.onDidChangeConfiguration(followTerminals));
  context.subscriptions.push({ dispose: () => channel?.dispose() });
  // VS Code asks for models only where it is told that they have changed.
  if (hasCredential()) modelsChanged.fire();
  setContextKey("signedOut", !isSignedIn());
  setContextKey("signedIn", isSignedIn());
}

/** Lets a refresh that is under way be stored: its refresh token is spent. */
export async function deactivate(): Promise<void> {
  const entered = await services?.current?.catch(() => undefined);
  await entered?.dispose();
}
