import * as vscode from "vscode";
import type { Accounts } from "../../account/accounts.ts";
import type { Account } from "../../account/state.ts";
import { planName } from "../../shared/planName.ts";
import { workspaceHint } from "./knownAccounts.ts";

export interface AccountPickerDependencies {
  accounts: Accounts;
  add: () => Promise<void>;
  switchTo: (id: string) => Promise<void>;
  signOut: (id: string) => Promise<void>;
}

interface Item extends vscode.QuickPickItem {
  account?: Account;
}

const signOutButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("sign-out"),
  tooltip: "Sign out of this account",
};

const origins: Readonly<Record<Account["origin"], string>> = {
  own: "Signed in here",
  linked: "Linked to the Codex CLI",
  copied: "Copied from the Codex CLI",
};

/** Lets the person choose which account is used, add one, or sign out of one. */
export function pickAccount(parts: AccountPickerDependencies): void {
  const pick = vscode.window.createQuickPick<Item>();
  pick.title = "Switch ChatGPT Account";
  pick.placeholder = "The account that is used unless something else was chosen for an extension";
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  const list = () => {
    const { accounts, active } = parts.accounts.state;
    const items = accounts.map((account) => itemOf(account, account.id === active?.id));
    pick.items = [...items, { label: "$(add) Add ChatGPT Account…", alwaysShow: true }];
  };
  list();
  const [current] = pick.items.filter(({ account }) => account?.id === parts.accounts.state.active?.id);
  if (current) pick.activeItems = [current];
  const subscriptions = [
    parts.accounts.onDidChange(list),
    pick.onDidAccept(() => {
      const [item] = pick.selectedItems;
      pick.hide();
      if (item) void (item.account ? parts.switchTo(item.account.id) : parts.add());
    }),
    pick.onDidTriggerItemButton(({ item }) => {
      if (item.account) void parts.signOut(item.account.id);
    }),
    pick.onDidHide(() => {
      for (const subscription of subscriptions) subscription.dispose();
      pick.dispose();
    }),
  ];
  pick.show();
}

function itemOf(account: Account, active: boolean): Item {
  const { email, plan, accountId, origin, rejected } = account;
  const facts = [
    ...(plan === undefined ? [] : [planName(plan)]),
    ...(accountId === undefined ? [] : [`ChatGPT workspace ${workspaceHint(accountId)}`]),
  ];
  return {
    account,
    label: `${active ? "$(check)" : "$(account)"} ${email ?? "ChatGPT account"}`,
    description: facts.join(" · "),
    detail: rejected ? `$(warning) Dependencies you to sign in again. ${origins[origin]}` : origins[origin],
    buttons: [signOutButton],
  };
}
