import type { AccountView, UsageView, View } from "../../src/shared/panelProtocol.ts";

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
    usage: usage(),
    ...changes,
  });
}

/** A plan of which the 5-hour window is used a little, and the weekly one a lot. */
export function usage(changes: Partial<UsageView & { status: "known" }> = {}): UsageView {
  const now = Date.now();
  return {
    status: "known",
    limitReached: false,
    updating: false,
    windows: [
      { name: "fiveHour", usedPercent: 37, leftPercent: 63, resetsAt: now + 130 * minute },
      { name: "weekly", usedPercent: 92.4, leftPercent: 7.6, resetsAt: now + 3 * 24 * 60 * minute },
    ],
    ...changes,
  };
}

/** Accounts beside the one that is used. */
export const otherAccounts: NonNullable<View["otherAccounts"]> = [
  {
    id: "0123456789abcdef",
    label: "ada@example.com (ChatGPT workspace 9a7b1e21)",
    plan: "team",
    origin: "own",
    needsSignIn: false,
  },
  { id: "fedcba9876543210", label: "charles@example.com", plan: "pro", origin: "linked", needsSignIn: true },
];

const device = { userCode: "ABCD-12345", page: "https://auth.openai.com/codex/device" };

/** A sign-in that began a minute ago, as the extension tells of it. */
function attempt(changes: Partial<NonNullable<View["attempt"]>>): NonNullable<View["attempt"]> {
  const since = Date.now() - minute;
  return { stage: "starting", since, until: since + 10 * minute, flow: "browser", hasLink: false, ...changes };
}

/** Every state worth looking at, by name. */
export const states = {
  signedOut: () => signedOutView(),
  signingIn: () => signedOutView({ attempt: { stage: "waitingForBrowser", since: Date.now() - 65_000 } }),
  signedIn: () => signedInView(),
  deviceCode: () => signedOutView({ attempt: attempt({ stage: "waitingForDevice", flow: "deviceCode", device }) }),
  deviceCodeSilent: () =>
    signedInView({
      attempt: attempt({ stage: "waitingForDevice", flow: "deviceCode", device, notice: "serviceSilent" }),
    }),
  pasting: () => signedOutView({ attempt: attempt({ stage: "waitingForLink", flow: "paste", hasLink: true }) }),
  notOpened: () =>
    signedOutView({ attempt: attempt({ stage: "waitingForBrowser", hasLink: true, notice: "linkNotOpened" }) }),
  remote: () =>
    signedOutView({
      attempt: attempt({
        stage: "waitingForBrowser",
        hasLink: true,
        tunnel: "ssh -L 1455:localhost:1455 far-7.example.com",
      }),
    }),
  choosing: () => signedOutView({ attempt: attempt({ stage: "waitingForChoice" }) }),
  keyInEnvironment: () => signedOutView({ ownKey: { status: "absent", inEnvironment: true } }),
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
  severalAccounts: () => signedInView({ otherAccounts }),
  readingUsage: () => signedInView({ usage: { status: "reading" } }),
  noUsage: () => signedInView({ usage: { status: "unavailable", why: "The service could not be reached." } }),
  limitReached: () => signedInView({ usage: usage({ limitReached: true }) }),
  bare: () => ({
    ...signedInView(),
    sign: {
      status: "signedIn",
      account: { needsPlatformSetup: false, derivedKey: { status: "absent", why: "pending" } },
    },
  }),
} satisfies Record<string, () => View>;
