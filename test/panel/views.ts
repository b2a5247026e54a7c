import type { AccountView, UsageView, View } from "../../src/shared/panelProtocol.ts";

const minute = 60_000;

/** An account with everything in it, as of now. */
export function account(changes: Partial<AccountView> = {}): AccountView {
  const now = Date.now();
  return {
    email: "ada@example.com",
    plan: "plus",
    workspaceId: "6f1c1d5e-4d0b-4c55-9d5c-0a8f4f1b7e21",
    accessTokenExpiresAt: now + 52 * minute,
    lastRefreshAt: now - 8 * minute,
    needsPlatformSetup: false,
    derivedKey: { status: "present", masked: "sk-…w7Qa", createdAt: now - 3 * 24 * 60 * minute },
    ...changes,
  };
}

/** The view when nobody is signed in and nothing is set. */
export function signedOutView(changes: Partial<View> = {}): View {
  return {
    type: "view",
    authMode: "apiKey",
    sign: { status: "signedOut" },
    busy: [],
    ownKey: { status: "absent" },
    changedEndpoints: [],
    ...changes,
  };
}

/** The view when an account is signed in and used. */
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

/** Accounts beside the active one. */
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

/** Extensions that were asked for, and one that a setting allows. */
export const extensions: NonNullable<View["extensions"]> = [
  {
    id: "row-1",
    name: "Pair Programmer",
    extension: "example.pair-programmer",
    answer: "allowed",
    pays: { kind: "plan", label: "ada@example.com" },
  },
  {
    id: "row-2",
    name: "Pair Programmer",
    extension: "example.pair-programmer",
    answer: "refused",
    pays: { kind: "ownKey", label: "sk-…9fX2" },
  },
  {
    id: "row-3",
    name: "Unknown extensions",
    answer: "refused",
    pays: { kind: "accountKey", label: "ada@example.com" },
  },
  {
    id: "row-4",
    name: "VS Code's own features, such as MCP sampling",
    answer: "allowed",
    pays: { kind: "plan", label: "ada@example.com" },
  },
  {
    id: "row-5",
    name: "Notes",
    extension: "example.notes",
    answer: "setting",
    pays: { kind: "plan", label: "ada@example.com" },
  },
  {
    id: "row-6",
    name: "Notes",
    extension: "example.notes",
    answer: "wasSetting",
    pays: { kind: "ownKey", label: "sk-…9fX2" },
  },
  { id: "row-7", name: "Notes", extension: "example.notes", answer: "settingRefused", pays: { kind: "ownKey" } },
  { id: "row-8", name: "example.todo", extension: "example.todo", answer: "setting" },
];

const device = { userCode: "ABCD-12345", page: "https://auth.openai.com/codex/device" };

/** When a sign-in that waits began, and when it times out: it began a minute ago. */
function times(): { since: number; until: number } {
  const since = Date.now() - minute;
  return { since, until: since + 10 * minute };
}

/** Every state worth looking at, by name. */
export const states = {
  signedOut: () => signedOutView(),
  signingIn: () => signedOutView({ attempt: { stage: "waitingForBrowser", ...times() } }),
  signedIn: () => signedInView(),
  deviceCode: () => signedOutView({ attempt: { stage: "waitingForDevice", device, ...times() } }),
  deviceCodeSilent: () =>
    signedInView({
      attempt: { stage: "waitingForDevice", device, notice: "serviceSilent", ...times() },
    }),
  pasting: () => signedOutView({ attempt: { stage: "waitingForLink", ...times() } }),
  notOpened: () => signedOutView({ attempt: { stage: "waitingForBrowser", notice: "linkNotOpened", ...times() } }),
  notReached: () => signedOutView({ attempt: { stage: "waitingForBrowser", notice: "pageNotReached", ...times() } }),
  remote: () =>
    signedOutView({
      attempt: {
        stage: "waitingForBrowser",
        tunnel: "ssh -L 1455:localhost:1455 far-7.example.com",
        ...times(),
      },
    }),
  choosing: () => signedOutView({ attempt: { stage: "waitingForChoice", failed: "browser", ...times() } }),
  keyInEnvironment: () => signedOutView({ ownKey: { status: "absent", inEnvironment: true } }),
  signingInAgain: () => signedInView({ attempt: { stage: "redeeming", since: Date.now() - 9000 } }),
  refreshing: () => signedInView({ busy: ["refresh"] }),
  noOrganization: () =>
    signedInView(
      { ownKey: { status: "present", masked: "sk-…9fX2", checked: false } },
      { derivedKey: { status: "absent", why: "noOrganization" } },
    ),
  retrying: () => signedInView({ busy: ["derivedKey"] }, { derivedKey: { status: "absent", why: "unreachable" } }),
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
      problem: "The service couldn't be reached. Check your network connection.",
    }),
  severalAccounts: () => signedInView({ otherAccounts }),
  extensions: () => signedInView({ extensions }),
  readingUsage: () => signedInView({ usage: { status: "reading" } }),
  noUsage: () => signedInView({ usage: { status: "unavailable", why: "The service couldn't be reached." } }),
  limitReached: () => signedInView({ usage: usage({ limitReached: true }) }),
  bare: () => ({
    ...signedInView(),
    sign: {
      status: "signedIn",
      account: { needsPlatformSetup: false, derivedKey: { status: "absent", why: "pending" } },
    },
  }),
} satisfies Record<string, () => View>;
