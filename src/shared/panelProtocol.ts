import * as z from "zod/mini";
import { panelActionIds, type SimpleActionId } from "./actionIds.ts";

/**
 * The messages between the settings panel and the extension. The panel asks (an intent) and gets the whole view;
 * nothing here can hold a secret, a URL to open or a command to run. Times are milliseconds since 1970.
 */

/** Which credential requests are made with. */
const authModeSchema = z.enum(["apiKey", "chatgpt"]);
export type AuthMode = z.infer<typeof authModeSchema>;

/** A way to sign in; the easiest first. */
export const flowSchema = z.enum(["browser", "deviceCode", "paste"]);
export type FlowName = z.infer<typeof flowSchema>;

/** What became of the link to the sign-in page, where a person should know. */
const linkNoticeSchema = z.enum(["linkCopied", "linkNotOpened", "pageNotReached"]);
export type LinkNotice = z.infer<typeof linkNoticeSchema>;

const since = z.number();
/** When the sign-in times out. */
const until = z.number();

/** A running sign-in by its stage, each with what it needs. The sign-in itself and the panel use the same union. */
const signInAttemptSchema = z.discriminatedUnion("stage", [
  z.strictObject({ stage: z.literal("starting"), since }),
  z.strictObject({
    stage: z.literal("waitingForChoice"),
    ...{ since, until },
    /** The flow that cannot be used here. */
    failed: flowSchema,
  }),
  z.strictObject({
    stage: z.literal("waitingForBrowser"),
    ...{ since, until },
    notice: z.optional(linkNoticeSchema),
    /** The command that makes the listener reachable from another computer, to be run there. */
    tunnel: z.optional(z.string()),
  }),
  z.strictObject({
    stage: z.literal("waitingForDevice"),
    ...{ since, until },
    notice: z.optional(z.literal("serviceSilent")),
    /** The code to enter on the issuer's page. Only the person may see it. */
    device: z.strictObject({ userCode: z.string(), page: z.string() }),
  }),
  z.strictObject({ stage: z.literal("waitingForLink"), ...{ since, until }, notice: z.optional(linkNoticeSchema) }),
  z.strictObject({ stage: z.literal("redeeming"), since }),
  z.strictObject({ stage: z.literal("saving"), since }),
]);
export type SignInAttempt = Readonly<z.infer<typeof signInAttemptSchema>>;
export type Stage = SignInAttempt["stage"];

/** What a person should know while a sign-in waits for them. */
export type SignInNotice = LinkNotice | "serviceSilent";

/** Why an account has no derived key. */
const absenceSchema = z.enum(["pending", "noOrganization", "refused", "unreachable"]);
export type Absence = z.infer<typeof absenceSchema>;

/** Why a person has to sign in again. */
const needsSignInReasonSchema = z.enum(["expired", "reused", "revoked", "rejected", "unreadable"]);
export type NeedsSignInReason = z.infer<typeof needsSignInReasonSchema>;

/** Something under way that its buttons show. */
const busySchema = z.enum(["refresh", "signOut", "ownKey", "derivedKey", "codex"]);
export type Busy = z.infer<typeof busySchema>;

const maskedKeySchema = z.string().check(z.maxLength(20));

const accountViewSchema = z.strictObject({
  /** Whose login it is: signed in here, or the Codex CLI's, linked or copied. */
  origin: z.optional(z.enum(["own", "linked", "copied"])),
  email: z.optional(z.string()),
  /** The issuer's name of the plan, such as `plus`; unknown ones are kept as they are. */
  plan: z.optional(z.string()),
  /** The id of the ChatGPT workspace (`chatgpt_account_id`). */
  workspaceId: z.optional(z.string()),
  accessTokenExpiresAt: z.optional(z.number()),
  signedInAt: z.optional(z.number()),
  lastRefreshAt: z.optional(z.number()),
  /** The account's OpenAI Platform organization isn't set up yet. */
  needsPlatformSetup: z.boolean(),
  derivedKey: z.discriminatedUnion("status", [
    z.strictObject({ status: z.literal("present"), masked: maskedKeySchema, createdAt: z.number() }),
    z.strictObject({ status: z.literal("absent"), why: absenceSchema }),
  ]),
});
export type AccountView = z.infer<typeof accountViewSchema>;

/** Another account that is signed in, which could be used instead. */
const otherAccountViewSchema = z.strictObject({
  id: z.string(),
  /** The email, and where it is needed the ChatGPT workspace. */
  label: z.string(),
  plan: z.optional(z.string()),
  origin: z.enum(["own", "linked", "copied"]),
  needsSignIn: z.boolean(),
  /** The settings don't allow its ChatGPT workspace. */
  notAllowed: z.optional(z.boolean()),
});
export type OtherAccountView = z.infer<typeof otherAccountViewSchema>;

/** An extension that the person was asked for, or that a setting allows or has allowed. */
const extensionViewSchema = z.strictObject({
  /** Names the row to the extension. */
  id: z.string(),
  name: z.string(),
  /** Its id; missing where VS Code names no extension. */
  extension: z.optional(z.string()),
  /** `settingRefused`: a setting allows it, but the person has refused it, with another account or key. */
  answer: z.enum(["allowed", "refused", "setting", "settingRefused", "wasSetting"]),
  /** What its requests use; missing where it has not sent any yet. The label is the account's or the key's, where it is known. */
  pays: z.optional(z.strictObject({ kind: z.enum(["plan", "accountKey", "ownKey"]), label: z.optional(z.string()) })),
});
export type ExtensionView = z.infer<typeof extensionViewSchema>;

const percentSchema = z.number().check(z.minimum(0), z.maximum(100));

/** One of the plan's windows. */
const usageWindowViewSchema = z.strictObject({
  name: z.enum(["fiveHour", "weekly"]),
  usedPercent: percentSchema,
  leftPercent: percentSchema,
  resetsAt: z.optional(z.number()),
});
export type UsageWindowView = z.infer<typeof usageWindowViewSchema>;

/** How much of the plan is used. */
const usageViewSchema = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("reading") }),
  z.strictObject({
    status: z.literal("known"),
    limitReached: z.boolean(),
    /** It is being read again. */
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
  /** The extensions that may use models, or may not. */
  extensions: z.optional(z.array(extensionViewSchema)),
  /** The running sign-in, beside whatever was signed in before it. */
  attempt: z.optional(signInAttemptSchema),
  /** What is under way; its buttons are shown as busy. */
  busy: z.array(busySchema),
  /** How much of the plan is used; absent when there is no plan to ask about. */
  usage: z.optional(usageViewSchema),
  ownKey: z.discriminatedUnion("status", [
    z.strictObject({ status: z.literal("present"), masked: maskedKeySchema, checked: z.boolean() }),
    z.strictObject({
      status: z.literal("absent"),
      /** The environment has a key in `OPENAI_API_KEY` that could be used. */
      inEnvironment: z.optional(z.boolean()),
    }),
  ]),
  /** The endpoint settings that differ from their defaults, to be shown as a warning. */
  changedEndpoints: z.array(z.enum(["issuer", "apiBaseUrl", "chatgptBaseUrl"])),
  /** No credential is sent until the person has allowed the addresses in the settings. */
  endpointsHeldBack: z.optional(z.boolean()),
  /** Of some account, or of all, it is not known whether it is signed in: what is stored could not be read. */
  unread: z.optional(z.boolean()),
  /** The settings don't allow the ChatGPT workspace of the active account. */
  notAllowed: z.optional(z.boolean()),
  /** The sentence of the last failure. */
  problem: z.optional(z.string()),
});
export type View = z.infer<typeof viewSchema>;

/** What the panel asks for: an action, with what it needs to know. The types are the ids of `src/editor/actions.ts`. */
export const intentSchema = z.discriminatedUnion("type", [
  /** The page is there and asks for the view. */
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.enum(panelActionIds) }),
  z.strictObject({ type: z.literal("signInWith"), flow: flowSchema }),
  z.strictObject({ type: z.literal("useAccount"), id: z.string() }),
  z.strictObject({ type: z.literal("signOutAccount"), id: z.string() }),
  /** The answer about an extension is taken back. */
  z.strictObject({ type: z.literal("forgetExtension"), row: z.string() }),
  z.strictObject({ type: z.literal("blockExtension"), row: z.string() }),
  z.strictObject({ type: z.literal("setAuthMode"), authMode: authModeSchema }),
]);
export type Intent = z.infer<typeof intentSchema>;

/** An action with its argument. */
export type DetailedAction = Exclude<Intent, { type: "ready" | SimpleActionId }>;
