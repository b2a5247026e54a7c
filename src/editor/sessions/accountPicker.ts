import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Accounts } from "../../account/accounts.ts";
import type { Account } from "../../account/state.ts";
import type { WorkspacePolicy } from "../../account/workspacePolicy.ts";
import { planName } from "../../shared/planName.ts";
import type { RunAction } from "../actions.ts";
import { workspaceHint } from "./knownAccounts.ts";

export interface AccountPickerDependencies {
  accounts: Accounts;
  policy: WorkspacePolicy;
  run: RunAction;
}

interface Item extends vscode.QuickPickItem {
  account?: Account;
}

const origins: Readonly<Record<Account["origin"], () => string>> = {
  own: () => l10n.t("Signed in here"),
  linked: () => l10n.t("Linked to the Codex CLI"),
  copied: () => l10n.t("Copied from the Codex CLI"),
};

/** Lets the person choose which account is used, add one, or sign out of one. */
export function pickAccount({ accounts, policy, run }: AccountPickerDependencies): void {
  const pick = vscode.window.createQuickPick<Item>();
  pick.title = l10n.t("Switch ChatGPT Account");
  pick.placeholder = l10n.t("Default account for extensions");
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  const list = () => {
    const { active } = accounts.state;
    const items = accounts.state.accounts.map((account) => itemOf(account, account.id === active?.id, policy));
    pick.items = [...items, { label: `$(add) ${l10n.t("Add ChatGPT Account…")}`, alwaysShow: true }];
  };
  list();
  const [current] = pick.items.filter(({ account }) => account?.id === accounts.state.active?.id);
  if (current) pick.activeItems = [current];
  const subscriptions = [
    accounts.onDidChange(list),
    pick.onDidAccept(() => {
      const [item] = pick.selectedItems;
      pick.hide();
      if (item) void run(item.account ? { type: "useAccount", id: item.account.id } : "addAccount");
    }),
    pick.onDidTriggerItemButton(({ item }) => {
      if (item.account) void run({ type: "signOutAccount", id: item.account.id });
    }),
    pick.onDidHide(() => {
      for (const subscription of subscriptions) subscription.dispose();
      pick.dispose();
    }),
  ];
  pick.show();
}

function itemOf(account: Account, active: boolean, policy: WorkspacePolicy): Item {
  const { email, plan, workspaceId, origin, rejected } = account;
  const facts = [
    ...(plan === undefined ? [] : [planName(plan)]),
    ...(workspaceId === undefined
      ? []
      : [l10n.t("ChatGPT workspace {workspace}", { workspace: workspaceHint(workspaceId) })]),
  ];
  const warning = rejected
    ? l10n.t("Sign-in required")
    : policy.isAllowed(account)
      ? undefined
      : l10n.t("Not allowed by your settings");
  return {
    account,
    label: `${active ? "$(check)" : "$(account)"} ${email ?? l10n.t("ChatGPT account")}`,
    description: facts.join(" · "),
    detail: warning === undefined ? origins[origin]() : `$(warning) ${warning} · ${origins[origin]()}`,
    buttons: [{ iconPath: new vscode.ThemeIcon("sign-out"), tooltip: l10n.t("Sign out of this account") }],
  };
}
