import type { AccountView, View } from "../../src/panelProtocol.ts";

const minute = 60_000;

/** An account with everything in it, as of now. */
export function account(changes: Partial<AccountView> = {}): AccountView {
  const now = Date.now();
  return {
    email: "ada@example.com",
    plan: "plus",
    accountId: "6f1c1d5e-4d0b-4c55-9d5c-0a8f4f1b7e21",
    accessTokenExpiresAt: now + 52 * minute,
    lastRefreshAt: now - 8 * minute,
    needsPlatformSetup: false,
    derivedKey: { status: "present", masked: "sk-…w7Qa", createdAt: now - 3 * 24 * 60 * minute },
    ...changes,
  };
}

/** What the panel is told when nobody is signed in and nothing is set. */
export function signedOutView(changes: Partial<View> = {}): View {
  return {
    type: "view",
    authMode: "apiKey",
    sign: { status: "signedOut" },
    ownKey: { status: "absent" },
    changedEndpoints: [],
    ...changes,
  };
}

/** What the panel is told when an account is signed in and used. */
export function signedInView(changes: Partial<View> = {}, accountChanges: Partial<AccountView> = {}): View {
  return signedOutView({
    authMode: "chatgpt",
    sign: { status: "signedIn", account: account(accountChanges) },
    ownKey: { status: "present", masked: "sk-…9fX2", checked: true },
    ...changes,
  });
}

/** Every state worth looking at, by name. */
export const states = {
  signedOut: () => signedOutView(),
  signingIn: () => signedOutView({ attempt: { stage: "waitingForBrowser", since: Date.now() - 65_000 } }),
  signedIn: () => signedInView(),
  signingInAgain: () => signedInView({ attempt: { stage: "exchangingCode", since: Date.now() - 9000 } }),
  refreshing: () => signedInView({ busy: "refresh" }),
  noOrganization: () =>
    signedInView(
      { ownKey: { status: "present", masked: "sk-…9fX2", checked: false } },
      { derivedKey: { status: "absent", why: "noOrganization" } },
    ),
  retrying: () => signedInView({ busy: "derivedKey" }, { derivedKey: { status: "absent", why: "unreachable" } }),
  needsSetup: () => signedInView({}, { needsPlatformSetup: true, plan: "self_serve_business_usage_based" }),
  needsSignIn: () =>
    signedInView({
      sign: { status: "needsSignIn", why: "reused", account: account({ accessTokenExpiresAt: Date.now() - minute }) },
    }),
  unreadable: () => signedOutView({ authMode: "chatgpt", sign: { status: "needsSignIn", why: "unreadable" } }),
  troubles: () =>
    signedOutView({
      authMode: "chatgpt",
      changedEndpoints: ["issuer", "apiBaseUrl"],
      problem: "Signing in failed: the issuer could not be reached. Check your connection and try again.",
    }),
  bare: () => ({
    ...signedInView(),
    sign: {
      status: "signedIn",
      account: { needsPlatformSetup: false, derivedKey: { status: "absent", why: "pending" } },
    },
  }),
} satisfies Record<string, () => View>;
