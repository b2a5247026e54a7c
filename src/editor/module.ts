import type * as vscode from "vscode";
import type { AccountServices } from "../account/module.ts";
import type { CodexServices } from "../codex/module.ts";
import type { OpenAi } from "../openai/module.ts";
import type { Clock } from "../platform/clock.ts";
import { Disposables } from "../platform/disposables.ts";
import type { HttpClient } from "../platform/httpClient.ts";
import type { Logger } from "../platform/logger.ts";
import type { SignIn } from "../signin/signIn.ts";
import { AccountActions } from "./accountActions.ts";
import { createActions, type RunAction } from "./actions.ts";
import { Activity } from "./activity.ts";
import { createApiKey } from "./apiKey/module.ts";
import type { OwnKeyActions } from "./apiKey/ownKeyActions.ts";
import type { ChatModelProvider } from "./chat/chatModelProvider.ts";
import { createChat } from "./chat/module.ts";
import { CodexExport } from "./codex/export.ts";
import { CodexImport } from "./codex/import.ts";
import { createConsumers } from "./consumers/module.ts";
import { EndpointReview } from "./endpoints/review.ts";
import { createPanel } from "./panel/module.ts";
import type { KnownAccounts, Memento } from "./sessions/knownAccounts.ts";
import { createSessions } from "./sessions/module.ts";
import type { Sessions, SessionsChange } from "./sessions/sessions.ts";
import { createSignInEditor } from "./signIn/module.ts";
import type { SignInActions } from "./signIn/signInActions.ts";
import type { SignInSurface } from "./signIn/surface.ts";
import { showStatusMenu } from "./status/statusMenu.ts";
import { createTerminals } from "./terminals/module.ts";
import type { Hints } from "./vscode/hints.ts";
import { Notifications } from "./vscode/notifications.ts";
import { settings } from "./vscode/settings.ts";

/** What VS Code gives, and what activation keeps in memory. */
export interface EditorHost {
  context: vscode.ExtensionContext;
  /** What is remembered outside the secrets. */
  memory: Memento;
  /** What is remembered of the accounts outside the secrets. */
  known: KnownAccounts;
  hints: Hints;
  /** Tells VS Code that sessions came, changed or went. */
  onSessionsChanged: (change: SessionsChange) => void;
  /** VS Code's environment variables. */
  environment: Readonly<Record<string, string | undefined>>;
  /** See `commandLink`. */
  linkProof: string;
  log: Logger;
  showLog: () => void;
}

export interface EditorDependencies {
  host: EditorHost;
  account: AccountServices;
  /** Whether the own key could be read. */
  isOwnKeyKnown: boolean;
  signIn: SignIn;
  codex: CodexServices;
  openai: OpenAi;
  http: HttpClient;
  clock: Clock;
}

export interface EditorServices {
  readonly run: RunAction;
  readonly sessions: Sessions;
  /** What answers VS Code's Chat, loaded when it is first asked for. */
  readonly chatModels: () => Promise<ChatModelProvider>;
  readonly activity: Activity;
  readonly review: EndpointReview;
  readonly surface: SignInSurface;
  readonly signInActions: SignInActions;
  readonly ownKeyActions: OwnKeyActions;
  readonly codexImport: CodexImport;
  readonly codexExport: CodexExport;
  readonly notifications: Notifications;
  dispose(): void;
}

/** Everything that a person sees, over the services below. @param dependencies with the accounts loaded */
export function createEditor(dependencies: EditorDependencies): EditorServices {
  const { host, account, signIn, codex } = dependencies;
  const { accounts, ownKey, endpoints } = account;
  const { context, known, memory, hints, linkProof, log, showLog } = host;
  const disposables = new Disposables();
  // The panel and the menus run actions, and some actions show the panel and the menus.
  const run: RunAction = (request) => runAction(request);

  const notifications = new Notifications(log, showLog);
  const activity = new Activity(notifications, log);
  const shared = { ...account, ...dependencies, run, known, memory, linkProof, notifications, activity, log };

  const review = new EndpointReview({ accounts, ownKey, endpoints, endpoint: settings.endpoint });
  const { signInActions, surface } = disposables.add(createSignInEditor(shared));
  const accountActions = new AccountActions({ ...shared, endHandOff: codex.endHandOff });
  const { ownKeyActions } = disposables.add(
    createApiKey({ ...shared, rememberOwnKey: (isSet) => hints.rememberOwnKey(isSet), environment: host.environment }),
  );
  const codexImport = new CodexImport({ ...shared, cli: codex.cli, ownKey: ownKeyActions, endpoints: review });
  const codexExport = new CodexExport({ ...shared, codexImport });
  const consumers = disposables.add(createConsumers({ ...shared, memory: context.globalState }));
  const chat = disposables.add(
    createChat({ ...shared, consumers, credentials: account.source, isPanelVisible: (): boolean => panel.visible }),
  );
  const panel = disposables.add(
    createPanel({ ...shared, extensionUri: context.extensionUri, review, consumers, usage: chat.usage }),
  );
  const sessions = disposables.add(
    createSessions({
      ...{ ...shared, accountActions, signInActions, ownKeyActions },
      secrets: context.secrets,
      changed: host.onSessionsChanged,
    }),
  );
  const runAction = createActions({
    ...{ activity, signIn, signInActions, surface, accountActions, ownKeyActions, codexImport, codexExport, review },
    ...{ panel, showLog, consumers, usage: chat.usage, pickAccount: sessions.pickAccount },
    showMenu: () =>
      showStatusMenu({
        ...{ known, run, authMode: () => settings.authMode },
        allowedWorkspaces: () => settings.allowedWorkspaces,
      }),
    allowChatWithoutGitHub: chat.allowWithoutGitHub,
  });
  disposables.add(
    createTerminals({
      ...{ context, memory: hints.terminalConsent, notifications, log },
      apiKey: () => sessions.sessions.apiKey,
      changes: [accounts.onDidChange, ownKey.onDidChange],
    }),
  );
  return {
    ...{ run, activity, review, surface, signInActions, ownKeyActions, codexImport, codexExport, notifications },
    sessions: sessions.sessions,
    chatModels: chat.models,
    dispose: () => disposables.dispose(),
  };
}
