import type { Accounts } from "../../account/accounts.ts";
import { maskKey } from "../../account/credential.ts";
import { environmentKey } from "../../account/environmentKey.ts";
import type { OwnKeyStore } from "../../account/ownKey.ts";
import type { Account } from "../../account/state.ts";
import type { AccountView, OtherAccountView, View } from "../../shared/panelProtocol.ts";
import type { RunningSignIn, SignIn } from "../../signin/signIn.ts";
import type { Actions } from "../actions.ts";
import type { UsageView } from "../chat/usageView.ts";
import type { EndpointReview } from "../endpoints/review.ts";
import type { KnownAccounts } from "../sessions/knownAccounts.ts";
import { settings } from "../vscode/settings.ts";

export interface ViewDependencies {
  accounts: Accounts;
  /** Has what the accounts are called. */
  known: KnownAccounts;
  ownKey: OwnKeyStore;
  signIn: SignIn;
  /** What to run where the browser is, when that may be another computer. */
  tunnel: string | undefined;
  actions: Actions;
  review: EndpointReview;
  usage: UsageView;
}

/** What the panel shows, made anew from the state at every change. */
export function createView({
  accounts,
  known,
  ownKey,
  signIn,
  tunnel,
  actions,
  review,
  usage,
}: ViewDependencies): View {
  const { active } = accounts.state;
  const attempt = attemptView(signIn.running, tunnel);
  const key = ownKey.current;
  const used = usage.current;
  return {
    type: "view",
    authMode: settings.authMode,
    sign: signOf(active),
    otherAccounts: otherAccounts(accounts, known),
    ...(attempt && { attempt }),
    ...(actions.busy && { busy: actions.busy }),
    ...(used && { usage: used }),
    ownKey: key ? { status: "present", masked: maskKey(key.key), checked: key.checked } : absentKey(),
    changedEndpoints: settings.changedEndpoints,
    ...(review.isNeeded && { endpointsHeldBack: true }),
    ...(actions.problem !== undefined && { problem: actions.problem }),
  };
}

function absentKey(): View["ownKey"] {
  return { status: "absent", ...(environmentKey(process.env) !== undefined && { inEnvironment: true }) };
}

function attemptView(running: RunningSignIn | undefined, tunnel: string | undefined): View["attempt"] {
  if (!running) return undefined;
  const { stage, since, until, flow, notice, device, hasLink } = running;
  return {
    ...{ stage, since, until, flow, hasLink },
    ...(notice && { notice }),
    ...(device && { device }),
    ...(tunnel !== undefined && flow === "browser" && { tunnel }),
  };
}

function otherAccounts({ state }: Accounts, known: KnownAccounts): OtherAccountView[] {
  const labels = new Map(known.current?.accounts.map(({ id, label }) => [id, label]));
  return state.accounts
    .filter(({ id }) => id !== state.active?.id)
    .map(({ id, email, plan, origin, rejected }) => ({
      id,
      label: labels.get(id) ?? email ?? "ChatGPT account",
      ...(plan !== undefined && { plan }),
      origin,
      needsSignIn: rejected !== undefined,
    }));
}

function signOf(active: Account | undefined): View["sign"] {
  if (!active) return { status: "signedOut" };
  const account = accountView(active);
  return active.rejected ? { status: "needsSignIn", account, why: active.rejected } : { status: "signedIn", account };
}

function accountView(account: Account): AccountView {
  const { origin, email, plan, accountId, accessTokenExpiresAt, lastRefreshAt, needsPlatformSetup, derivedKey } =
    account;
  return {
    origin,
    ...(email !== undefined && { email }),
    ...(plan !== undefined && { plan }),
    ...(accountId !== undefined && { accountId }),
    ...(accessTokenExpiresAt !== undefined && { accessTokenExpiresAt }),
    ...(lastRefreshAt !== undefined && { lastRefreshAt }),
    needsPlatformSetup,
    derivedKey,
  };
}
