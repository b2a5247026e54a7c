import { Disposables } from "../../platform/disposables.ts";
import type { AccountActions } from "../accountActions.ts";
import type { RunAction } from "../actions.ts";
import type { Activity } from "../activity.ts";
import { askKeyChoice } from "../apiKey/keyChoice.ts";
import type { OwnKeyActions } from "../apiKey/ownKeyActions.ts";
import { notSaved } from "../signIn/authModeSwitch.ts";
import type { SignInActions } from "../signIn/signInActions.ts";
import { settings } from "../vscode/settings.ts";
import { pickAccount } from "./accountPicker.ts";
import { Sessions, type SessionsDependencies } from "./sessions.ts";
import { type WatchDependencies, watchAccounts } from "./watchAccounts.ts";
import { watchPolicy } from "./watchPolicy.ts";

export interface SessionModuleDependencies
  extends Pick<SessionsDependencies, "known" | "policy" | "clock" | "changed">,
    WatchDependencies {
  run: RunAction;
  activity: Activity;
  accountActions: AccountActions;
  signInActions: SignInActions;
  ownKeyActions: OwnKeyActions;
}

export interface SessionServices {
  readonly sessions: Sessions;
  /** Asks which account to use. */
  pickAccount(): void;
  dispose(): void;
}

/** The accounts as VS Code and other extensions see them. @param dependencies with the accounts and the own key loaded */
export function createSessions(dependencies: SessionModuleDependencies): SessionServices {
  const { accounts, policy, run, activity, accountActions, signInActions, ownKeyActions } = dependencies;
  const disposables = new Disposables();
  const sessions = disposables.add(
    new Sessions({
      ...dependencies,
      authMode: () => settings.authMode,
      onDidChangeSettings: settings.onDidChange,
      signIn: (options) => signInActions.signInForSession(options),
      // VS Code has asked the person, in its Accounts menu.
      signOut: (id) => activity.run("Signing out", () => accountActions.signOut(id, { isConfirmed: true }), "signOut"),
      setOwnKey: () => run("setApiKey"),
      removeOwnKey: (key) => ownKeyActions.drop(key),
      useChatgpt,
      askKeyChoice,
    }),
  );
  disposables.add(watchAccounts(dependencies));
  disposables.add(watchPolicy(dependencies));
  return { sessions, pickAccount: () => pickAccount({ accounts, policy, run }), dispose: () => disposables.dispose() };
}

/** @throws Problem `modeNotSaved` */
async function useChatgpt(): Promise<void> {
  try {
    await settings.setAuthMode("chatgpt");
  } catch (error) {
    throw notSaved(error);
  }
}
