import * as l10n from "@vscode/l10n";
import type { Accounts } from "../../account/accounts.ts";
import { maskKey } from "../../account/credential.ts";
import { environmentKey } from "../../account/environmentKey.ts";
import type { OwnKeyStore } from "../../account/ownKey.ts";
import type { Account } from "../../account/state.ts";
import type { WorkspacePolicy } from "../../account/workspacePolicy.ts";
import { systemClock } from "../../platform/clock.ts";
import type { AccountView, OtherAccountView, View } from "../../shared/panelProtocol.ts";
import { Problem } from "../../shared/problem.ts";
import { shownText } from "../../shared/shownText.ts";
import type { SignIn } from "../../signin/signIn.ts";
import type { Activity } from "../activity.ts";
import type { UsageView } from "../chat/usageView.ts";
import type { ConsumerServices } from "../consumers/module.ts";
import type { EndpointReview } from "../endpoints/review.ts";
import type { KnownAccounts } from "../sessions/knownAccounts.ts";
import { settings } from "../vscode/settings.ts";

export interface ViewDependencies {
  accounts: Accounts;
  policy: WorkspacePolicy;
  /** Has what the accounts are called. */
  known: KnownAccounts;
  ownKey: OwnKeyStore;
  signIn: SignIn;
  activity: Activity;
  review: EndpointReview;
  usage: UsageView;
  consumers: Pick<ConsumerServices, "views">;
}

/** What the panel shows, made from the state at every change. */
export function createView(dependencies: ViewDependencies): View {
  const { accounts, policy, known, ownKey, signIn, activity, review, usage, consumers } = dependencies;
  const { active } = accounts.state;
  const attempt = signIn.running;
  const key = ownKey.current;
  const used = usage.current;
  const forbidden = active && policy.problem(active);
  const stored = accounts.state.unread ? new Problem("keyringFailed") : forbidden;
  const problem = activity.problem ?? stored?.message;
  return {
    type: "view",
    authMode: settings.authMode,
    sign: signOf(active),
    otherAccounts: otherAccounts(accounts, policy, known),
    extensions: consumers.views(),
    ...(attempt && { attempt }),
    busy: activity.busy,
    ...(used && { usage: used }),
    ownKey: key ? { status: "present", masked: maskKey(key.key), checked: key.checked } : absentKey(),
    changedEndpoints: settings.changedEndpoints,
    ...(review.isNeeded && { endpointsHeldBack: true }),
    ...(accounts.state.unread && { unread: true }),
    ...(forbidden && { notAllowed: true }),
    ...(problem !== undefined && { problem }),
  };
}

function absentKey(): View["ownKey"] {
  return { status: "absent", ...(environmentKey(process.env) !== undefined && { inEnvironment: true }) };
}

function otherAccounts({ state }: Accounts, policy: WorkspacePolicy, known: KnownAccounts): OtherAccountView[] {
  const labels = new Map(known.current?.accounts.map(({ id, label }) => [id, label]));
  return state.accounts
    .filter(({ id }) => id !== state.active?.id)
    .map(({ id, email, plan, origin, rejected, workspaceId }) => ({
      id,
      label: shownText(labels.get(id)) ?? email ?? l10n.t("ChatGPT account"),
      ...(plan !== undefined && { plan }),
      origin,
      needsSignIn: rejected !== undefined,
      ...(!policy.isAllowed({ workspaceId }) && { notAllowed: true }),
    }));
}

function signOf(active: Account | undefined): View["sign"] {
  if (!active) return { status: "signedOut" };
  const account = accountView(active);
  return active.rejected ? { status: "needsSignIn", account, why: active.rejected } : { status: "signedIn", account };
}

function accountView(account: Account): AccountView {
  const { origin, email, plan, workspaceId, accessTokenExpiresAt, needsPlatformSetup, derivedKey } = account;
  const signedInAt = past(account.signedInAt);
  const lastRefreshAt = past(account.lastRefreshAt);
  return {
    origin,
    ...(email !== undefined && { email }),
    ...(plan !== undefined && { plan }),
    ...(workspaceId !== undefined && { workspaceId: shownText(workspaceId) ?? "" }),
    ...(accessTokenExpiresAt !== undefined && { accessTokenExpiresAt }),
    ...(signedInAt !== undefined && { signedInAt }),
    ...(lastRefreshAt !== undefined && { lastRefreshAt }),
    needsPlatformSetup,
    derivedKey,
  };
}

/** Before that, there was nothing to sign in to. */
const earliest = Date.UTC(2020, 0);
/** Two clocks differ by a little. */
const toleranceMs = 60_000;

/** A time in the past; undefined for one that only a wrong clock can have noted. */
function past(at: number | undefined): number | undefined {
  return at !== undefined && at >= earliest && at <= systemClock.now() + toleranceMs ? at : undefined;
}
