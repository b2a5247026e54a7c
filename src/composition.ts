import * as vscode from "vscode";
import { Accounts } from "./account/accounts.ts";
import { CredentialSource } from "./account/credentialSource.ts";
import { KeyDeriver } from "./account/derivedKey.ts";
import { OwnKeyStore } from "./account/ownKey.ts";
import { Refresher } from "./account/refresher.ts";
import { scheduleRenewal } from "./account/renewal.ts";
import { createRotations } from "./account/rotations.ts";
import { SecretStore } from "./account/secretStore.ts";
import { Actions } from "./editor/actions.ts";
import { AfterSignIn } from "./editor/afterSignIn.ts";
import { setContextKey } from "./editor/contextKeys.ts";
import { Notifications } from "./editor/notifications.ts";
import { OwnKeyActions } from "./editor/ownKeyActions.ts";
import { createView } from "./editor/panelView.ts";
import { settings } from "./editor/settings.ts";
import { SettingsPanel } from "./editor/settingsPanel.ts";
import { watchAccounts } from "./editor/watchAccounts.ts";
import { originator, platformUrl } from "./oauth/issuer.ts";
import { revoke } from "./oauth/revocation.ts";
import { TokenEndpoint } from "./oauth/tokenEndpoint.ts";
import { systemClock } from "./platform/clock.ts";
import { createHttpClient } from "./platform/httpClient.ts";
import { createFileLock, prepareFileLock } from "./platform/lock.ts";
import type { Logger } from "./platform/logger.ts";
import { startBrowserFlow } from "./signin/browserFlow.ts";
import { SignIn } from "./signin/signIn.ts";

export interface Host {
  context: vscode.ExtensionContext;
  log: Logger;
  showLog: () => void;
  hint: { get(): boolean; set(signedIn: boolean): PromiseLike<void> };
}

export interface Rooms {
  actions: Actions;
  panel: SettingsPanel;
  dispose(): Promise<void>;
}

/** Builds the rooms from the ground up and hands them to each other. Called when something is first asked for. */
export async function compose({ context, log, showLog, hint }: Host): Promise<Rooms> {
  const clock = systemClock;
  const { version } = context.extension.packageJSON as { version: string };
  const userAgent = `${originator}/${version} (${process.platform}; ${process.arch}) vscode/${vscode.version}`;
  const http = createHttpClient(() => userAgent, originator);
  const tokenEndpoint = (issuer: string) => new TokenEndpoint(http, issuer);
  const revokeToken = (issuer: string, token: string) => revoke(http, issuer, token);

  const shared = context.globalStorageUri.fsPath;
  const lock = createFileLock(shared, log);
  const rotations = createRotations(shared);
  const accounts = new Accounts(new SecretStore(context.secrets), lock, hint, log);
  const ownKey = new OwnKeyStore(context.secrets, log);
  // On the web, secrets are read when the page loads and never again.
  const secretsLoadedAt = vscode.env.uiKind === vscode.UIKind.Web ? clock.now() : undefined;
  const refresher = new Refresher({
    accounts,
    tokenEndpoint,
    revoke: revokeToken,
    lock,
    rotations,
    clock,
    log,
    secretsLoadedAt,
  });
  const deriver = new KeyDeriver(accounts, tokenEndpoint, clock, log);
  const source = new CredentialSource({ accounts, ownKey, refresher, authMode: () => settings.authMode, clock });

  const afterSignIn = new AfterSignIn({ accounts, deriver, http, log });
  const signIn = new SignIn({
    accounts,
    rotations,
    tokenEndpoint,
    clock,
    log,
    issuer: () => settings.endpoint("issuer"),
    startFlow: (attempt, issuer) => {
      void Promise.all([http.prepare(), prepareFileLock()]);
      return startBrowserFlow(attempt, {
        clock,
        log,
        issuer,
        openExternal: (url) => vscode.env.openExternal(vscode.Uri.parse(url)),
        setUpUrl: () => (accounts.state.active?.needsPlatformSetup ? platformUrl(issuer) : undefined),
      });
    },
    beginFollowUp: (issuer, idToken) => afterSignIn.begin(issuer, idToken),
  });

  const notifications = new Notifications(log, showLog);
  const actions = new Actions({
    accounts,
    source,
    refresher,
    deriver,
    signIn,
    ownKey: new OwnKeyActions(ownKey, http, notifications, log),
    notifications,
    log,
    revoke: revokeToken,
  });
  const panel = new SettingsPanel({
    extensionUri: context.extensionUri,
    actions,
    view: () => createView({ accounts, ownKey, signIn, actions }),
    changes: [accounts.onDidChange, ownKey.onDidChange, signIn.onDidChange, actions.onDidChange, settings.onDidChange],
    showLog,
    log,
  });

  await Promise.all([accounts.load(), ownKey.load()]);
  setContextKey("noApiKey", !ownKey.current);
  afterSignIn.resume();
  const subscriptions = [
    watchAccounts({ accounts, ownKey, source, actions, notifications, secrets: context.secrets }),
    scheduleRenewal(accounts, source, clock, log),
  ];
  return {
    actions,
    panel,
    async dispose() {
      for (const subscription of subscriptions) subscription.dispose();
      signIn.cancel();
      await refresher.inFlight;
    },
  };
}
