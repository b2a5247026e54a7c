import * as z from "zod/mini";

/**
 * The messages between the settings panel and the extension. The panel asks (an intent) and is told (the whole view);
 * nothing here can hold a secret, a URL to open or a command to run. Times are milliseconds since 1970.
 */

/** What the page says before it knows more: the extension writes it into the page, and the panel's script takes it over. */
export const frameWords = {
  title: "Sign in with ChatGPT",
  subtitle: "Unofficial. Not made by OpenAI.",
  loading: "Loading…",
  reload: "If this takes too long, run “Developer: Reload Window” from the Command Palette.",
} as const;

/** Which credential requests are made with. */
export const authModeSchema = z.enum(["apiKey", "chatgpt"]);
export type AuthMode = z.infer<typeof authModeSchema>;

/** What a running sign-in is doing. */
export const stageSchema = z.enum([
  "starting",
  "waitingForChoice",
  "waitingForBrowser",
  "waitingForDevice",
  "waitingForLink",
  "exchangingCode",
  "saving",
]);
export type Stage = z.infer<typeof stageSchema>;

/** A way to sign in. */
export const flowSchema = z.enum(["browser", "deviceCode", "paste"]);
export type FlowName = z.infer<typeof flowSchema>;

/** What a person should know while a sign-in waits for them. */
export const signInNoticeSchema = z.enum(["linkCopied", "linkNotOpened", "serviceSilent"]);
export type SignInNotice = z.infer<typeof signInNoticeSchema>;

/** Why an account has no derived key. */
export const absenceSchema = z.enum(["pending", "noOrganization", "refused", "unreachable"]);
export type Absence = z.infer<typeof absenceSchema>;

/** Why a person has to sign in again. */
export const needsSignInReasonSchema = z.enum(["expired", "reused", "revoked", "rejected", "unreadable"]);
export type NeedsSignInReason = z.infer<typeof needsSignInReasonSchema>;

const maskedKeySchema = z.string().check(z.maxLength(20));

export const accountViewSchema = z.strictObject({
  /** Whose login it is: signed in here, or the Codex CLI's, followed or copied. */
  origin: z.optional(z.enum(["own", "linked", "copied"])),
  email: z.optional(z.string()),
  /** The issuer's name of the plan, such as `plus`; unknown ones are kept as they are. */
  plan: z.optional(z.string()),
  /** The ChatGPT workspace's id (`chatgpt_account_id`). */
  accountId: z.optional(z.string()),
  accessTokenExpiresAt: z.optional(z.number()),
  lastRefreshAt: z.optional(z.number()),
  /** The account's Platform organization waits for its set-up. */
  needsPlatformSetup: z.boolean(),
  derivedKey: z.discriminatedUnion("status", [
    z.strictObject({ status: z.literal("present"), masked: maskedKeySchema, createdAt: z.number() }),
    z.strictObject({ status: z.literal("absent"), why: absenceSchema }),
  ]),
});
export type AccountView = z.infer<typeof accountViewSchema>;

/** Another account that is signed in, which could be used instead. */
export const otherAccountViewSchema = z.strictObject({
  id: z.string(),
  /** The email, and where it is needed the ChatGPT workspace. */
  label: z.string(),
  plan: z.optional(z.string()),
  origin: z.enum(["own", "linked", "copied"]),
  needsSignIn: z.boolean(),
});
export type OtherAccountView = z.infer<typeof otherAccountViewSchema>;

const percentSchema = z.number().check(z.minimum(0), z.maximum(100));

/** One of the plan's windows. */
export const usageWindowViewSchema = z.strictObject({
  name: z.enum(["fiveHour", "weekly"]),
  usedPercent: percentSchema,
  leftPercent: percentSchema,
  resetsAt: z.optional(z.number()),
});
export type UsageWindowView = z.infer<typeof usageWindowViewSchema>;

/** How much of the plan is used. */
export const usageViewSchema = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("reading") }),
  z.strictObject({
    status: z.literal("known"),
    limitReached: z.boolean(),
    /** It is being asked for again. */
    updating: z.boolean(),
    windows: z.array(usageWindowViewSchema),
  }),
  z.strictObject({ status: z.literal("unavailable"), why: z.string() }),
]);
export type UsageView = z.infer<typeof usageViewSchema>;

/** The message to the panel: everything it shows. */
export const viewSchema = z.strictObject({
  type: z.literal("view"),
  authMode: authModeSchema,
  sign: z.discriminatedUnion("status", [
    z.strictObject({ status: z.literal("signedOut") }),
    z.strictObject({ status: z.literal("signedIn"), account: accountViewSchema }),
    z.strictObject({
      status: z.literal("needsSignIn"),
      account: z.optional(accountViewSchema),
      why: needsSignInReasonSchema,
    }),
  ]),
  /** The accounts that are signed in beside the active one. */
  otherAccounts: z.optional(z.array(otherAccountViewSchema)),
  /** The running sign-in, beside whatever was signed in before it. */
  attempt: z.optional(
    z.strictObject({
      stage: stageSchema,
      since: z.number(),
      /** When it will be given up. */
      until: z.optional(z.number()),
      flow: z.optional(flowSchema),
      notice: z.optional(signInNoticeSchema),
      /** The code to type on a page of the issuer's; the one thing here that is for the person's eyes alone. */
      device: z.optional(z.strictObject({ userCode: z.string(), page: z.string() })),
      /** There is a sign-in page whose link can be copied. */
      hasLink: z.optional(z.boolean()),
      /** What to run where the browser is, so that it reaches a listener on another computer. */
      tunnel: z.optional(z.string()),
    }),
  ),
  /** An action under way, whose buttons are shown as busy. */
  busy: z.optional(z.enum(["refresh", "signOut", "ownKey", "derivedKey", "codex"])),
  /** Of the account's plan; absent when there is none to ask for. */
  usage: z.optional(usageViewSchema),
  ownKey: z.discriminatedUnion("status", [
    z.strictObject({ status: z.literal("present"), masked: maskedKeySchema, checked: z.boolean() }),
    z.strictObject({
      status: z.literal("absent"),
      /** `OPENAI_API_KEY` of the environment holds a key that could be taken over. */
      inEnvironment: z.optional(z.boolean()),
    }),
  ]),
  /** Names of endpoint settings that differ from their defaults, to be shown as a warning. */
  changedEndpoints: z.array(z.enum(["issuer", "apiBaseUrl", "chatgptBaseUrl"])),
  /** A credential is not sent until the person has allowed the addresses in force. */
  endpointsHeldBack: z.optional(z.boolean()),
  /** The last failure, in a sentence of ours. */
  problem: z.optional(z.string()),
});
export type View = z.infer<typeof viewSchema>;

/** The messages from the panel. */
export const intentSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("signIn") }),
  z.strictObject({ type: z.literal("cancelSignIn") }),
  z.strictObject({ type: z.literal("signInWith"), flow: flowSchema }),
  z.strictObject({ type: z.literal("copySignInLink") }),
  z.strictObject({ type: z.literal("copyDeviceCode") }),
  z.strictObject({ type: z.literal("openDevicePage") }),
  z.strictObject({ type: z.literal("signOut") }),
  z.strictObject({ type: z.literal("addAccount") }),
  z.strictObject({ type: z.literal("switchAccount"), id: z.string() }),
  z.strictObject({ type: z.literal("signOutAccount"), id: z.string() }),
  z.strictObject({ type: z.literal("importFromCodex") }),
  z.strictObject({ type: z.literal("exportToCodex") }),
  z.strictObject({ type: z.literal("refresh") }),
  z.strictObject({ type: z.literal("setAuthMode"), authMode: authModeSchema }),
  z.strictObject({ type: z.literal("setApiKey") }),
  z.strictObject({ type: z.literal("adoptEnvironmentKey") }),
  z.strictObject({ type: z.literal("removeApiKey") }),
  z.strictObject({ type: z.literal("retryDerivedKey") }),
  z.strictObject({ type: z.literal("openPlatform") }),
  z.strictObject({ type: z.literal("openEndpointSettings") }),
  z.strictObject({ type: z.literal("reviewEndpoints") }),
  z.strictObject({ type: z.literal("showLog") }),
  z.strictObject({ type: z.literal("readUsage") }),
]);
export type Intent = z.infer<typeof intentSchema>;
