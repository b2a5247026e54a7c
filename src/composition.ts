import { homedir } from "node:os";
import * as vscode from "vscode";
import { Accounts } from "./account/accounts.ts";
import type { SignedInHint } from "./account/accountsReader.ts";
import { CachedSecrets } from "./account/cachedSecrets.ts";
import { CredentialSource } from "./account/credentialSource.ts";
import { EndpointPermissions } from "./account/endpointPermissions.ts";
import { CreditRedeemer } from "./account/followUp/credits.ts";
import { KeyDeriver } from "./account/followUp/derivedKey.ts";
import { FollowUp } from "./account/followUp/followUp.ts";
import { OwnKeyStore } from "./account/ownKey.ts";
import { Refresher } from "./account/refresher.ts";
import { createRefreshNotes } from "./account/refreshNotes.ts";
import { scheduleRefresh } from "./account/scheduledRefresh.ts";
import { SecretStore } from "./account/secretStore.ts";
import { CodexCli } from "./codex/codexCli.ts";
import { FileRefresher } from "./codex/fileRefresher.ts";
import { LinkedAccounts } from "./codex/linkedAccounts.ts";
import { Actions } from "./editor/actions.ts";
import { offerEnvironmentKey } from "./editor/apiKey/environmentKeyOffer.ts";
import { askKeyChoice } from "./editor/apiKey/keyChoice.ts";
import { OwnKeyActions } from "./editor/apiKey/ownKeyActions.ts";
import { allowChatWithoutGitHub } from "./editor/chat/allowChatWithoutGitHub.ts";
import type { ChatModelProvider } from "./editor/chat/chatModelProvider.ts";
import { createChatModels } from "./editor/chat/chatModels.ts";
import { CodexExport } from "./editor/codex/export.ts";
import { CodexImport } from "./editor/codex/import.ts";
import { askForEndpoints } from "./editor/endpoints/consentDialogs.ts";
import { EndpointReview } from "./editor/endpoints/review.ts";
import { createView } from "./editor/panel/panelView.ts";
import { SettingsPanel } from "./editor/panel/settingsPanel.ts";
import { pickAccount } from "./editor/sessions/accountPicker.ts";
import type { KnownAccounts, Memento } from "./editor/sessions/knownAccounts.ts";
import { Sessions, type SessionsChange } from "./editor/sessions/sessions.ts";
import { watchAccounts } from "./editor/sessions/watchAccounts.ts";
import { hostEnvironmentOf } from "./editor/signIn/hostEnvironment.ts";
import { SignInSurface } from "./editor/signIn/surface.ts";
import { showStatusMenu } from "./editor/status/statusMenu.ts";
import type { ConsentMemory } from "./editor/terminals/consent.ts";
import { createTerminals } from "./editor/terminals/terminals.ts";
import { setContextKey } from "./editor/vscode/contextKeys.ts";
import { Notifications } from "./editor/vscode/notifications.ts";
import { settings } from "./editor/vscode/settings.ts";
import { originator, platformUrl, redirectPorts } from "./oauth/issuer.ts";
import { revoke } from "./oauth/revocation.ts";
import { TokenEndpoint } from "./oauth/tokenEndpoint.ts";
import { systemClock } from "./platform/clock.ts";
import { createHttpClient } from "./platform/httpClient.ts";
import { createFileLock, prepareFileLock } from "./platform/lock.ts";
import { describeError, type Logger } from "./platform/logger.ts";
import { firstFlow, tunnelCommand } from "./signin/flows.ts";
import { SignIn } from "./signin/signIn.ts";

export interface Host {
  context: vscode.ExtensionContext;
  /** What is remembered outside the secrets. */
  memory: Memento;
  log: Logger;
  showLog: () => void;
  hint: SignedInHint;
  /** Remembers the person's word that terminals may have the API key. */
  terminalConsent: ConsentMemory;
  /** Remembers outside the secrets that an own key is set. */
  rememberOwnKey: (isSet: boolean) => void;
  /** Tells VS Code that the models it was told of are others now. */
  onModelsChanged: () => void;
  /** What is remembered of the accounts outside the secrets. */
  known: KnownAccounts;
  /** Tells VS Code that sessions came, changed or went. */
  onSessionsChanged: (change: SessionsChange) => void;
}

export interface Services {
  actions: Actions;
  panel: SettingsPanel;
  chatModels: () => Promise<ChatModelProvider>;
  allowChatWithoutGitHub: () => Promise<void>;
  sessions: Sessions;
  pickAccount: () => void;
  showMenu: () => Promise<void>;
  dispose(): Promise<void>;
}

/** Builds the services from the ground up and hands them to each other. Called when something is first asked for. */
export async function compose(host: Host): Promise<Services> {
  const { context, memory, log, showLog, hint, known, rememberOwnKey, onModelsChanged } = host;
  const clock = systemClock;
  const { version } = context.extension.packageJSON as { version: string };
  const userAgent = `${originator}/${version} (${process.platform}; ${process.arch}) vscode/${vscode.version}`;
  const http = createHttpClient(() => userAgent, originator);
  const tokenEndpoint = (issuer: string) => new TokenEndpoint(http, issuer);
  const revokeToken = (issuer: string, token: string) => revoke(http, issuer, token);

  const shared = context.globalStorageUri.fsPath;
  const lock = createFileLock(shared, log);
  const refreshNotes = createRefreshNotes(shared);
  // On the web, secrets are read when the page loads and never again.
  const cached = vscode.env.uiKind === vscode.UIKind.Web ? new CachedSecrets(context.secrets, shared) : undefined;
  const secrets = cached ?? context.secrets;
  const accounts = new Accounts(new SecretStore(secrets), lock, hint, refreshNotes, log);
  const ownKey = new OwnKeyStore(secrets, log);
  // Before anything else is built: when this fails, nothing is left behind, and the next call tries again.
  const [loaded, keyLoaded] = await Promise.allSettled([accounts.load(), ownKey.load()]);
  const isKeyKnown = keyLoaded.status === "fulfilled";
  // An own key that no request uses keeps nobody from the rest.
  const failed = [loaded, ...(settings.authMode === "apiKey" ? [keyLoaded] : [])].find(isRejected);
  if (failed) {
    ownKey.dispose();
    throw failed.reason;
  }
  if (!isKeyKnown) log.warn(`The own key could not be read: ${describeError(keyLoaded.reason)}`);
  const endpoints = new EndpointPermissions({ memory, ask: askForEndpoints, clock, log });
  const review = new EndpointReview({ accounts, ownKey, endpoints, endpoint: settings.endpoint });
  const cli = new CodexCli({
    clock,
    version,
    environment: process.env,
    userHome: homedir(),
    codexPath: () => settings.codexPath,
    workspaceFolders: () => (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath),
  });
  const fileRefresher = new FileRefresher({ tokenEndpoint, clock, log });
  const linkedAccounts = new LinkedAccounts({ accounts, cli, fileRefresher, lock, clock, log });
  const refresher = new Refresher({
    accounts,
    tokenEndpoint,
    revoke: revokeToken,
    lock,
    refreshNotes,
    clock,
    log,
    ...(cached && { assertCurrent: () => cached.assertCurrent() }),
    refreshLinked: linkedAccounts.refresh,
    settleHandOff: linkedAccounts.settleHandOff,
  });
  const deriver = new KeyDeriver(accounts, tokenEndpoint, clock, log);
  const source = new CredentialSource({ accounts, ownKey, refresher, authMode: () => settings.authMode, clock });

  const place = hostEnvironmentOf(context);
  const credits = new CreditRedeemer({
    accounts,
    refresher,
    deriver,
    http,
    clock,
    log,
    endpoints,
    apiBaseUrl: () => settings.endpoint("apiBaseUrl"),
    isWanted: () => settings.redeemCredits,
  });
  const followUp = new FollowUp({ accounts, deriver, credits, log });
  const signIn = new SignIn({
    accounts,
    tokenEndpoint,
    clock,
    log,
    issuer: () => settings.endpoint("issuer"),
    permit: (issuer, signal) => review.permitSignIn(issuer, signal),
    surface: {
      http,
      openExternal: (url) => surface.open(url),
      setUpUrl: () => {
        const { active } = accounts.state;
        return active?.needsPlatformSetup ? platformUrl(active.issuer) : undefined;
      },
      showDeviceCode: () => panel.show(),
      askForLink: () => surface.askForLink(),
    },
    firstFlow: () => {
      void Promise.all([http.prepare(), prepareFileLock()]);
      return firstFlow(place, settings.preferredFlow);
    },
    offerAnotherWay: (problem, signal) => surface.offerAnotherWay(problem, signal),
    onTrouble: (error) => actions.tellTrouble(error),
    allowedWorkspaces: () => settings.allowedWorkspaces,
    revoke: revokeToken,
    beginFollowUp: (issuer, idToken) => followUp.begin(issuer, idToken),
  });

  const notifications = new Notifications(log, showLog);
  const surface = new SignInSurface({ signIn, log });
  const ownKeyActions = new OwnKeyActions(ownKey, http, notifications, log, endpoints);
  const codexImport = new CodexImport({
    ...{ accounts, cli, followUp, ownKey: ownKeyActions, endpoints: review, notifications, clock },
  });
  const actions = new Actions({
    accounts,
    source,
    refresher,
    deriver,
    signIn,
    surface,
    ownKey: ownKeyActions,
    codexImport,
    codexExport: new CodexExport({ accounts, source, cli, codexImport, lock, clock, notifications }),
    endpoints,
    notifications,
    log,
    revoke: revokeToken,
    endHandOff: linkedAccounts.endHandOff,
  });
  const chat = createChatModels({
    ...{ accounts, credentials: source, endpoints, review, actions, notifications, userAgent },
    memory,
    openPanel: () => panel.show(),
    isPanelVisible: () => panel.visible,
    clock,
    log,
  });
  const addAccount = () => actions.signIn({ chooseAccount: true });
  const switchAccount = () =>
    pickAccount({
      accounts,
      add: addAccount,
      switchTo: (id) => actions.switchAccount(id),
      signOut: (id) => actions.signOut(id),
    });
  const tunnel = tunnelCommand(place, redirectPorts[0] ?? 0);
  const panel = new SettingsPanel({
    extensionUri: context.extensionUri,
    actions,
    review,
    view: () => createView({ accounts, known, ownKey, signIn, tunnel, actions, review, usage: chat.usage }),
    changes: [
      accounts.onDidChange,
      ownKey.onDidChange,
      signIn.onDidChange,
      actions.onDidChange,
      settings.onDidChange,
      endpoints.onDidChange,
      chat.usage.onDidChange,
    ],
    onLook: () => chat.usage.look(),
    onReadUsage: () => chat.usage.update(),
    onNotLoaded: () =>
      notifications.warning("VS Code has not loaded the ChatGPT settings. If they stay empty, reload the window.", {
        "Reload Window": () => void vscode.commands.executeCommand("workbench.action.reloadWindow"),
      }),
    showLog,
    clock,
    log,
  });

  setContextKey("noApiKey", isKeyKnown && !ownKey.current);
  if (isKeyKnown) rememberOwnKey(ownKey.current !== undefined);
  followUp.resume();
  const sessions = new Sessions({
    accounts,
    ownKey,
    source,
    known,
    authMode: () => settings.authMode,
    onDidChangeSettings: settings.onDidChange,
    clock,
    log,
    changed: host.onSessionsChanged,
    signIn: (options) => actions.signInForSession(options),
    signOut: (id) => actions.signOut(id),
    setOwnKey: () => actions.setApiKey(),
    removeOwnKey: () => ownKeyActions.drop(),
    useChatgpt: () => settings.setAuthMode("chatgpt"),
    askKeyChoice,
  });
  const subscriptions = [
    ownKey,
    sessions,
    ...createTerminals({
      ...{ context, memory: host.terminalConsent, notifications, log },
      apiKey: () => sessions.apiKey,
      changes: [accounts.onDidChange, ownKey.onDidChange],
    }),
    watchAccounts({
      ...{ accounts, ownKey, source, actions, notifications, log },
      secrets: context.secrets,
      assertCurrent: () => cached?.assertCurrent(),
    }),
    scheduleRefresh(accounts, source, clock, log),
    endpoints.onDidChange(() => panel.visible && chat.usage.update()),
    signIn.onDidChange(() => setContextKey("signingIn", signIn.running !== undefined)),
    ownKey.onDidChange((key) => rememberOwnKey(key !== undefined)),
    ...[accounts.onDidChange, ownKey.onDidChange, settings.onDidChange, endpoints.onDidChange].map((change) =>
      change(onModelsChanged),
    ),
  ];
  offerEnvironmentKey({
    environment: process.env,
    ...{ ownKey, notifications, memory },
    authMode: () => settings.authMode,
    adopt: () => void actions.adoptEnvironmentKey(),
  });
  return {
    actions,
    panel,
    chatModels: chat.models,
    allowChatWithoutGitHub: () => allowChatWithoutGitHub(notifications, log),
    sessions,
    pickAccount: switchAccount,
    showMenu: () =>
      showStatusMenu({
        known: () => known.current,
        authMode: () => settings.authMode,
        signIn: () => actions.signIn(),
        addAccount,
        switchAccount,
        setAuthMode: (authMode) => actions.setAuthMode(authMode),
        refresh: () => actions.refresh(),
        setApiKey: () => actions.setApiKey(),
        signOut: () => actions.signOut(),
        openSettings: () => panel.show(),
      }),
    async dispose() {
      for (const subscription of subscriptions) subscription.dispose();
      signIn.cancel();
      await refresher.settle();
      await linkedAccounts.dispose();
      await cli.dispose();
    },
  };
}

function isRejected(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  return result.status === "rejected";
}
