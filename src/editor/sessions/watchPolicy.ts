import * as l10n from "@vscode/l10n";
import type { Accounts } from "../../account/accounts.ts";
import type { WorkspacePolicy } from "../../account/workspacePolicy.ts";
import { type Disposable, Disposables } from "../../platform/disposables.ts";
import type { RunAction } from "../actions.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";

export interface PolicyWatchDependencies {
  accounts: Accounts;
  policy: WorkspacePolicy;
  run: RunAction;
  notifications: Notifications;
}

/** Tells the person once that their active account may not be used, with the way out. */
export function watchPolicy({ accounts, policy, run, notifications }: PolicyWatchDependencies): Disposable {
  let told: string | undefined;
  const update = () => {
    const { active } = accounts.state;
    const problem = active && policy.problem(active);
    const news = problem && `${active.id} ${problem.code}`;
    if (news === told) return;
    told = news;
    if (!problem) return;
    notifications.warning(problem.message, {
      ...(problem.code === "accountNotAllowed" && { [l10n.t("Switch Account")]: () => void run("switchAccount") }),
      [l10n.t("Open Settings")]: () => void run("openEndpointSettings"),
    });
  };
  const disposables = new Disposables();
  disposables.add(accounts.onDidChange(update));
  disposables.add(settings.onDidChange(update));
  update();
  return disposables;
}
