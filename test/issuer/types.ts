// What a test can set at the test issuer and read from it.
import type { IncomingMessage, ServerResponse } from "node:http";

export const clientId = "app_EMoamEEZ73f0CkXaXp7hrann";
export const apiResource = "https://api.openai.com/v1";
export const tokenExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
export const idTokenType = "urn:ietf:params:oauth:token-type:id_token";

export interface Organization {
  id: string;
  title: string;
  role: string;
  is_default: boolean;
}

/** One ChatGPT user in one ChatGPT workspace. Several may share an email. */
export interface TestAccount {
  sub: string;
  email: string;
  password: string;
  name: string;
  plan: string;
  chatgptUserId: string;
  chatgptAccountId: string;
  organizationId: string | undefined;
  projectId: string | undefined;
  organizations: Organization[];
  completedPlatformOnboarding: boolean;
  isOrgOwner: boolean;
  /** false: authorize ends in access_denied with the description missing_codex_entitlement. */
  entitled: boolean;
  /** Laid over the `https://api.openai.com/auth` object of both tokens; null removes a claim. */
  authClaims: Record<string, unknown>;
  /** Laid over email, email_verified, name and the profile object of the id_token; null removes a claim. */
  idTokenClaims: Record<string, unknown>;
}

export type FaultEndpoint = "authorize" | "token" | "revoke" | "models" | "redeem" | "usercode" | "devicetoken";
export type GrantName = "authorization_code" | "refresh_token" | "token-exchange";

interface FaultScope {
  /** How many requests it hits; absent: every one until cleared. */
  times?: number;
  /** Waits this long before anything else, in ms. */
  delayMs?: number;
  /** Only for this grant; only at the token endpoint. */
  grant?: GrantName;
  /** true: the request is processed first, and its real answer discarded. */
  processed?: boolean;
}

export type Fault = FaultScope &
  (
    | { kind: "slow"; delayMs: number }
    | { kind: "status"; status: number; code?: string; message?: string; headers?: Record<string, string> }
    | { kind: "serverError"; status?: 500 | 502 | 503 | 504 }
    | { kind: "region" }
    | { kind: "edgePage" }
    | { kind: "html" }
    | { kind: "truncated" }
    | { kind: "wrongTypes" }
    | { kind: "closeBefore" }
    | { kind: "closeDuring" }
    | { kind: "closeAfter" }
    | { kind: "oversized" }
    | { kind: "redirect"; status?: 302 | 307; location?: string }
  );

/** The headers of a request that tests look at. */
export interface SeenHeaders {
  contentType: string;
  userAgent: string;
  originator: string;
}

export type RefreshOutcome =
  | "rotated"
  | "refreshed"
  | "refresh_token_reused"
  | "refresh_token_expired"
  | "refresh_token_invalidated"
  | "invalid_refresh_token"
  | "rejected";

type RecordBody =
  | { type: "authorize"; params: Record<string, string>; userAgent: string }
  | { type: "login"; email: string; outcome: "success" | "wrong password" | "cancelled" | "not entitled" }
  | { type: "authorized"; account: string; redirectUri: string }
  | { type: "authorizeRefused"; error: string; detail: string }
  | (SeenHeaders & {
      type: "codeExchange";
      /** True when the code was bound to an S256 challenge and its verifier fitted. */
      pkce: boolean;
      redirectUri: string;
      account: string | undefined;
      outcome: "issued" | string;
    })
  | (SeenHeaders & { type: "tokenExchange"; name: string | undefined; account: string | undefined; outcome: string })
  | (SeenHeaders & { type: "refresh"; account: string | undefined; outcome: RefreshOutcome })
  | { type: "reuseDetected"; account: string }
  | (SeenHeaders & {
      type: "revoke";
      hint: string | undefined;
      clientIdSent: boolean;
      token: "refresh_token" | "access_token" | "unknown";
      found: boolean;
      account: string | undefined;
    })
  | (SeenHeaders & {
      type: "redeemCredits";
      account: string | undefined;
      granted: number;
      outcome: "granted" | "refused";
    })
  | (SeenHeaders & { type: "models"; credential: "derived key" | "own key" | "revoked key" | "unknown" | "none" })
  | (SeenHeaders & { type: "deviceUserCode"; outcome: "issued" | "disabled" | "refused" })
  | { type: "deviceApproved"; outcome: "approved" | "denied" }
  | (SeenHeaders & { type: "devicePoll"; outcome: "pending" | "issued" | "denied" | "expired" | "unknown" })
  | { type: "fault"; endpoint: FaultEndpoint; kind: Fault["kind"] };

/** Something that happened at the issuer; `time` in ms since 1970, of the real clock. */
export type IssuerRecord = RecordBody & { time: number };
type WithoutTime<T> = T extends unknown ? Omit<T, "time"> : never;
export type NewRecord = WithoutTime<IssuerRecord>;
export type RecordOf<T extends IssuerRecord["type"]> = Extract<IssuerRecord, { type: T }>;

export type SecretKind =
  | "access_token"
  | "refresh_token"
  | "id_token"
  | "authorization_code"
  | "code_verifier"
  | "state"
  | "derived_key"
  | "api_key"
  | "device_auth_id"
  | "user_code";

/** A secret value that was issued by, or sent to, the issuer. */
export interface Secret {
  kind: SecretKind;
  value: string;
}

export interface DeviceSettings {
  enabled: boolean;
  /** Seconds between polls, as told to the client (in a string). */
  interval: number;
  /** Seconds a code lives. */
  lifetime: number;
  /** openai/codex accepts both spellings. */
  userCodeField: "user_code" | "usercode";
}

export type LiveBearer = { kind: "access token"; workspaceId: string } | { kind: "API key" };

export type RefreshField = "access_token" | "refresh_token" | "id_token";

/** The switches, the same for a test in this process and, async, over HTTP (control.ts). */
export interface IssuerSwitches {
  /** Changes an account; a new `sub` adds one. Applies to tokens issued from now on. */
  setAccount(sub: string, patch: Partial<TestAccount>): void;
  /** Seconds the issuer's clock is ahead: moves the Date header, iat and exp together. */
  setClockSkew(seconds: number): void;
  /** Lifetimes, in whole seconds from 1, of tokens issued from now on. */
  setLifetimes(lifetimes: { accessToken?: number; idToken?: number }): void;
  /** Ends every grant and derived key of the account, as "log out of all devices" does. */
  revokeAll(sub: string): void;
  revokeDerivedKeys(sub: string): void;
  /** Every refresh token issued so far answers refresh_token_expired from now on. */
  expireRefreshTokens(): void;
  /** Fields left out of a refresh answer; without refresh_token, the old one stays valid. */
  omitFromRefresh(fields: RefreshField[]): void;
  /** Appended to the state on the redirect (the real service appends `.onboarding_entrypoint=…`). */
  setStateSuffix(suffix: string): void;
  setDevice(patch: Partial<DeviceSettings>): void;
}

export interface WaitOptions {
  count?: number;
  timeoutMs?: number;
}

export interface IssuerOptions {
  host?: string;
  port?: number;
  /** Seconds; default 864000, ten days, as the real service. */
  accessTokenLifetime?: number;
  idTokenLifetime?: number;
  /** Replace the default accounts. */
  accounts?: Partial<TestAccount>[];
  ownKeys?: string[];
  device?: Partial<DeviceSettings>;
  tls?: { key: string | Buffer; cert: string | Buffer };
  /** The address that people and clients see, when the issuer is behind a proxy. */
  publicOrigin?: string;
  /** Another service on the same origin: asked first, it resolves with whether it answers. */
  beside?: (req: IncomingMessage, res: ServerResponse) => Promise<boolean>;
}

/** Faults of one endpoint hit in the order they were set. */
export interface FaultControl {
  set(endpoint: FaultEndpoint, fault: Fault): void;
  clear(endpoint?: FaultEndpoint): void;
}

export interface TestIssuer extends IssuerSwitches {
  /** The address clients see: `publicOrigin`, or else where it listens. */
  origin: string;
  /** Where it listens. */
  listening: string;
  issuer: string;
  apiBaseUrl: string;
  chatgptBaseUrl: string;
  /** Chronological. */
  records: readonly IssuerRecord[];
  recordsOf<T extends IssuerRecord["type"]>(type: T): RecordOf<T>[];
  /** Resolves with the records of the type once there are `count` (1); rejects after `timeoutMs` (10,000). */
  waitForRecord<T extends IssuerRecord["type"]>(type: T, options?: WaitOptions): Promise<RecordOf<T>[]>;
  secrets(): Secret[];
  /** What a bearer is; undefined once it is revoked or has expired. */
  bearer(value: string): LiveBearer | undefined;
  faults: FaultControl;
  /** Ends the server and every open socket. */
  close(): Promise<void>;
}
