import * as vscode from "vscode";
import type { Accounts } from "../../account/accounts.ts";
import type { CredentialSource } from "../../account/credentialSource.ts";
import type { OwnKeyStore } from "../../account/ownKey.ts";
import { type SecretStorage, SecretStore } from "../../account/secretStore.ts";
import type { AccountsState } from "../../account/state.ts";
import type { Disposable } from "../../platform/disposables.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import { isProblem, Problem } from "../../shared/problem.ts";
import type { Actions } from "../actions.ts";
import { setContextKey } from "../vscode/contextKeys.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";

export interface WatchDependencies {
  accounts: Accounts;
  ownKey: OwnKeyStore;
  source: CredentialSource;
  actions: Actions;
  notifications: Notifications;
  secrets: SecretStorage;
  /** @throws Problem `staleWindow` where this window does not see what others have stored */
  assertCurrent: () => Promise<void> | undefined;
  log: Logger;
}

/** Follows what other windows and the service do to the accounts, and tells the person once where they have to act. */
export function watchAccounts(parts: WatchDependencies): Disposable {
  const { accounts, ownKey, source, notifications } = parts;
  const signIn = { "Sign In": () => void parts.actions.signIn() };
  let toldToReload = false;
  let told: AccountsState["notice"] | string | undefined;

  const update = (state: AccountsState) => {
    setContextKey("signedOut", state.accounts.length === 0);
    setContextKey("signedIn", state.accounts.length > 0);
    const subject = state.active?.rejected ? `${state.active.id} ${state.active.rejected}` : state.notice;
    if (subject === told) return;
    told = subject;
    if (state.active?.rejected && state.active.origin === "linked") {
      notifications.warning(new Problem("linkEnded").message, {
        Import: () => void parts.actions.importFromCodex(),
        ...signIn,
      });
    } else if (state.active?.rejected) notifications.warning(new Problem("needsSignIn").message, signIn);
    else if (state.notice === "corrupt") notifications.warning(new Problem("corruptStore").message, signIn);
    else if (state.notice === "newer") notifications.warning(new Problem("newerStore").message, signIn);
    else if (state.notice === "notKept") notifications.warning(new Problem("notKept").message, signIn);
  };
  update(accounts.state);

  /** Who is signed in stays so, and the next look reads again. */
  const logFailure = (error: unknown) =>
    parts.log.warn(`What is stored could not be read again: ${describeError(error)}`);

  /** The person comes back to this window: other windows may have changed what is stored. */
  const look = async () => {
    await Promise.allSettled([accounts.reload().catch(logFailure), ownKey.reload().catch(logFailure)]);
    try {
      await parts.assertCurrent();
    } catch (error) {
      if (!isProblem(error, "staleWindow") || toldToReload) return;
      toldToReload = true;
      notifications.warning(error.message, {
        "Reload Window": () => void vscode.commands.executeCommand("workbench.action.reloadWindow"),
      });
    }
  };

  const subscriptions = [
    accounts.onDidChange(update),
    ownKey.onDidChange((key) => setContextKey("noApiKey", !key)),
    settings.onDidChange(() => source.forget()),
    new SecretStore(parts.secrets).onDidChange(() => void accounts.reload().catch(logFailure)),
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
