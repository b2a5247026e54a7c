import type { Accounts } from "../account/accounts.ts";
import { maskKey } from "../account/credential.ts";
import type { OwnKeyStore } from "../account/ownKey.ts";
import type { Account } from "../account/state.ts";
import type { AccountView, View } from "../panelProtocol.ts";
import type { SignIn } from "../signin/signIn.ts";
import type { Actions } from "./actions.ts";
import { settings } from "./settings.ts";

export interface ViewParts {
  accounts: Accounts;
  ownKey: OwnKeyStore;
  signIn: SignIn;
  actions: Actions;
}

/** What the panel shows, made anew from the state at every change. */
export function createView({ accounts, ownKey, signIn, actions }: ViewParts): View {
  const { active } = accounts.state;
  const attempt = signIn.running;
  const key = ownKey.current;
  return {
    type: "view",
    authMode: settings.authMode,
    sign: signOf(active),
    ...(attempt && { attempt }),
    ...(actions.busy && { busy: actions.busy }),
    ownKey: key ? { status: "present", masked: maskKey(key.key), checked: key.checked } : { status: "absent" },
    changedEndpoints: settings.changedEndpoints,
    ...(actions.problem !== undefined && { problem: actions.problem }),
  };
}

function signOf(active: Account | undefined): View["sign"] {
  if (!active) return { status: "signedOut" };
  const account = accountView(active);
  return active.rejected ? { status: "needsSignIn", account, why: active.rejected } : { status: "signedIn", account };
}

function accountView(account: Account): AccountView {
  const { email, plan, accountId, accessTokenExpiresAt, lastRefreshAt, needsPlatformSetup, derivedKey } = account;
  return {
    ...(email !== undefined && { email }),
    ...(plan !== undefined && { plan }),
    ...(accountId !== undefined && { accountId }),
    ...(accessTokenExpiresAt !== undefined && { accessTokenExpiresAt }),
    ...(lastRefreshAt !== undefined && { lastRefreshAt }),
    needsPlatformSetup,
    derivedKey,
  };
}
