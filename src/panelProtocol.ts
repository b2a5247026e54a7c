import * as z from "zod/mini";

/**
 * The messages between the settings panel and the extension. The panel asks (an intent) and is told (the whole view);
 * nothing here can hold a secret, a URL to open or a command to run. Times are milliseconds since 1970.
 */

/** Which credential requests are made with. */
export const authModeSchema = z.enum(["apiKey", "chatgpt"]);
export type AuthMode = z.infer<typeof authModeSchema>;

/** What a running sign-in is doing. */
export const stageSchema = z.enum(["starting", "waitingForBrowser", "exchangingCode", "saving"]);
export type Stage = z.infer<typeof stageSchema>;

/** Why an account has no derived key. */
export const absenceSchema = z.enum(["pending", "noOrganization", "refused", "unreachable"]);
export type Absence = z.infer<typeof absenceSchema>;

/** Why a person has to sign in again. */
export const needsSignInReasonSchema = z.enum(["expired", "reused", "revoked", "rejected", "unreadable"]);
export type NeedsSignInReason = z.infer<typeof needsSignInReasonSchema>;

const maskedKeySchema = z.string().check(z.maxLength(20));

export const accountViewSchema = z.strictObject({
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
  /** The running sign-in, beside whatever was signed in before it. */
  attempt: z.optional(z.strictObject({ stage: stageSchema, since: z.number() })),
  /** An action under way, whose buttons are shown as busy. */
  busy: z.optional(z.enum(["refresh", "signOut", "ownKey", "derivedKey"])),
  ownKey: z.discriminatedUnion("status", [
    z.strictObject({ status: z.literal("present"), masked: maskedKeySchema, checked: z.boolean() }),
    z.strictObject({ status: z.literal("absent") }),
  ]),
  /** Names of endpoint settings that differ from their defaults, to be shown as a warning. */
  changedEndpoints: z.array(z.enum(["issuer", "apiBaseUrl", "chatgptBaseUrl"])),
  /** The last failure, in a sentence of ours. */
  problem: z.optional(z.string()),
});
export type View = z.infer<typeof viewSchema>;

/** The messages from the panel. */
export const intentSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("signIn") }),
  z.strictObject({ type: z.literal("cancelSignIn") }),
  z.strictObject({ type: z.literal("signOut") }),
  z.strictObject({ type: z.literal("refresh") }),
  z.strictObject({ type: z.literal("setAuthMode"), authMode: authModeSchema }),
  z.strictObject({ type: z.literal("setApiKey") }),
  z.strictObject({ type: z.literal("removeApiKey") }),
  z.strictObject({ type: z.literal("retryDerivedKey") }),
  z.strictObject({ type: z.literal("openPlatform") }),
  z.strictObject({ type: z.literal("openEndpointSettings") }),
  z.strictObject({ type: z.literal("showLog") }),
]);
export type Intent = z.infer<typeof intentSchema>;
