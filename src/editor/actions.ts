import type { SimpleActionId } from "../shared/actionIds.ts";
import type { AuthMode, Busy, DetailedAction } from "../shared/panelProtocol.ts";
import type { SignIn } from "../signin/signIn.ts";
import type { AccountActions } from "./accountActions.ts";
import type { Activity } from "./activity.ts";
import type { OwnKeyActions } from "./apiKey/ownKeyActions.ts";
import type { CodexExport } from "./codex/export.ts";
import type { CodexImport } from "./codex/import.ts";
import type { EndpointReview } from "./endpoints/review.ts";
import { notSaved } from "./signIn/authModeSwitch.ts";
import type { SignInActions } from "./signIn/signInActions.ts";
import type { SignInSurface } from "./signIn/surface.ts";
import { settings } from "./vscode/settings.ts";

export interface ActionDependencies {
  activity: Activity;
  signIn: SignIn;
  signInActions: SignInActions;
  surface: SignInSurface;
  accountActions: AccountActions;
  ownKeyActions: OwnKeyActions;
  codexImport: CodexImport;
  codexExport: CodexExport;
  review: EndpointReview;
  usage: { update(): unknown };
  consumers: { forget(row: string): void; block(row: string): void };
  panel: { show(): void };
  /** Asks which account to use. */
  pickAccount: () => void;
  /** Shows the status bar's menu. */
  showMenu: () => Promise<void>;
  showLog: () => void;
  allowChatWithoutGitHub: () => Promise<void>;
}

interface Action<Argument> {
  /** What the log calls it. With it the action is run by `Activity`, which shows what it is busy with, and a failure. */
  readonly what?: string;
  readonly busy?: Busy;
  readonly run: (argument: Argument) => unknown;
}

type ActionMap = { readonly [Id in SimpleActionId]: Action<void> } & {
  readonly [Id in DetailedAction["type"]]: Action<Extract<DetailedAction, { type: Id }>>;
};

/** An action to run; its id alone where it needs no argument. */
export type ActionRequest = SimpleActionId | { readonly type: SimpleActionId } | DetailedAction;

/** Runs an action. Commands, the panel, the status menu and the buttons of notifications all do what they do by this. */
export type RunAction = (request: ActionRequest) => Promise<void>;

/** Everything that a person can do, each action once. Where it is offered is in `src/shared/actionIds.ts`. */
function actionMap(dependencies: ActionDependencies): ActionMap {
  const { activity, signIn, signInActions, surface, accountActions, ownKeyActions, review } = dependencies;
  const { codexImport, codexExport, usage, consumers, panel, pickAccount, showMenu, showLog, allowChatWithoutGitHub } =
    dependencies;
  return {
    signIn: { run: () => signInActions.signIn() },
    addAccount: { run: () => signInActions.signIn({ chooseAccount: true }) },
    signInWith: { run: ({ flow }) => signInActions.signInWith(flow) },
    signInWithBrowser: { run: () => signInActions.signInWith("browser") },
    signInWithDeviceCode: { run: () => signInActions.signInWith("deviceCode") },
    pasteSignInLink: { run: () => signInActions.signInWith("paste") },
    copySignInLink: { run: () => surface.copyLink() },
    copyDeviceCode: { run: () => surface.copyDeviceCode() },
    openDevicePage: { run: () => surface.openDevicePage() },
    cancelSignIn: { run: () => signIn.cancel() },

    switchAccount: { run: () => pickAccount() },
    useAccount: { what: "Switching the account", run: ({ id }) => accountActions.use(id) },
    signOut: { what: "Signing out", busy: "signOut", run: () => accountActions.signOut() },
    signOutAccount: { what: "Signing out", busy: "signOut", run: ({ id }) => accountActions.signOut(id) },
    readAccounts: { what: "Reading the accounts", run: () => accountActions.read() },
    refresh: { what: "Refreshing", busy: "refresh", run: () => accountActions.refresh() },
    retryDerivedKey: { what: "Creating an API key", busy: "derivedKey", run: () => accountActions.retryDerivedKey() },
    openPlatform: { run: () => accountActions.openPlatform() },

    importFromCodex: { run: () => importFromCodex(activity, codexImport, signInActions) },
    exportToCodex: { what: "Exporting to the Codex CLI", busy: "codex", run: () => codexExport.run() },

    setAuthMode: { run: ({ authMode }) => setAuthMode(authMode, activity) },
    setApiKey: { what: "Setting the API key", busy: "ownKey", run: () => ownKeyActions.set() },
    adoptEnvironmentKey: {
      what: "Using the environment's API key",
      busy: "ownKey",
      run: () => ownKeyActions.adoptFromEnvironment(),
    },
    removeApiKey: { what: "Removing the API key", busy: "ownKey", run: () => ownKeyActions.remove() },

    readUsage: { run: () => usage.update() },
    forgetExtension: { run: ({ row }) => consumers.forget(row) },
    blockExtension: { run: ({ row }) => consumers.block(row) },
    reviewEndpoints: { run: () => review.review() },
    openEndpointSettings: { run: () => settings.open() },
    openSettings: { run: () => panel.show() },
    showMenu: { run: () => showMenu() },
    showLog: { run: () => showLog() },
    allowChatWithoutGitHub: { run: () => allowChatWithoutGitHub() },
  };
}

/** Joins the actions with what they act on. */
export function createActions(dependencies: ActionDependencies): RunAction {
  const map = actionMap(dependencies);
  return async (request) => {
    const argument = typeof request === "string" ? { type: request } : request;
    const { what, busy, run } = map[argument.type] as Action<ActionRequest>;
    if (what === undefined) await run(argument);
    else await dependencies.activity.run(what, () => run(argument), busy);
  };
}

/** A person without a Codex CLI may choose to sign in here instead. */
async function importFromCodex(activity: Activity, codexImport: CodexImport, signInActions: SignInActions) {
  const instead = await activity.run("Importing from the Codex CLI", () => codexImport.run(), "codex");
  if (instead === "signIn") await signInActions.signIn();
}

async function setAuthMode(authMode: AuthMode, activity: Activity): Promise<void> {
  try {
    // No view goes out before the setting has changed: it would turn the panel's toggle back for a moment.
    await settings.setAuthMode(authMode);
  } catch (error) {
    activity.fail("Switching the mode", notSaved(error));
  }
}
