import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Accounts } from "../../account/accounts.ts";
import type { CredentialSource } from "../../account/credentialSource.ts";
import type { OwnKeyStore } from "../../account/ownKey.ts";
import type { SecretStorage } from "../../account/secretStorage.ts";
import { SecretStore } from "../../account/secretStore.ts";
import type { AccountsState } from "../../account/state.ts";
import type { Disposable } from "../../platform/disposables.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import { isProblem, Problem } from "../../shared/problem.ts";
import type { RunAction } from "../actions.ts";
import { setContextKey } from "../vscode/contextKeys.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";

export interface WatchDependencies {
  accounts: Accounts;
  ownKey: OwnKeyStore;
  source: CredentialSource;
  run: RunAction;
  notifications: Notifications;
  secrets: SecretStorage;
  /** @throws Problem `staleWindow` where this window does not see what others have stored */
  assertCurrent: () => Promise<void> | undefined;
  log: Logger;
}

/** Follows what other windows and the issuer do to the accounts, and warns the person once when they have to act. */
export function watchAccounts(dependencies: WatchDependencies): Disposable {
  const { accounts, ownKey, source, notifications } = dependencies;
  const signIn = { [l10n.t("Sign in with ChatGPT")]: () => void dependencies.run("signIn") };
  let hasAskedToReload = false;
  let warned: AccountsState["notice"] | string | undefined;

  const update = (state: AccountsState) => {
    setContextKey("signedOut", isNobodySignedIn(state));
    setContextKey("signedIn", state.accounts.length > 0);
    const subject = state.active?.rejected ? `${state.active.id} ${state.active.rejected}` : state.notice;
    if (subject === warned) return;
    warned = subject;
    if (state.active?.rejected && state.active.origin === "linked") {
      notifications.warning(new Problem("linkEnded").message, {
        [l10n.t("Import")]: () => void dependencies.run("importFromCodex"),
        ...signIn,
      });
    } else if (state.active?.rejected) notifications.warning(new Problem("needsSignIn").message, signIn);
    else if (state.notice === "corrupt") notifications.warning(new Problem("corruptStore").message, signIn);
    else if (state.notice === "newer") notifications.warning(new Problem("newerStore").message, signIn);
    else if (state.notice === "notKept") notifications.warning(new Problem("notKept").message, signIn);
  };
  update(accounts.state);

  /** Who is signed in stays signed in, and the next time reads again. */
  const logFailure = (error: unknown) =>
    dependencies.log.warn(`What is stored could not be read again: ${describeError(error)}`);

  /** The person comes back to this window: other windows may have changed what is stored. */
  const look = async () => {
    await Promise.allSettled([accounts.reload().catch(logFailure), ownKey.reload().catch(logFailure)]);
    try {
      await dependencies.assertCurrent();
    } catch (error) {
      if (!isProblem(error, "staleWindow") || hasAskedToReload) return;
      hasAskedToReload = true;
      notifications.warning(error.message, {
        [l10n.t("Reload Window")]: () => void vscode.commands.executeCommand("workbench.action.reloadWindow"),
      });
    }
  };

  const subscriptions = [
    accounts.onDidChange(update),
    settings.onDidChange(() => source.forget()),
    new SecretStore(dependencies.secrets).onDidChange(() => void accounts.reload().catch(logFailure)),
    vscode.window.onDidChangeWindowState(({ focused }) => {
      if (focused) void look();
    }),
  ];
  return {
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

/** Whether that is known: an account whose record could not be read is signed in. */
function isNobodySignedIn({ accounts, unread }: AccountsState): boolean {
  return accounts.length === 0 && unread === undefined;
}
