import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { AccountBook, defaultAccounts } from "./accounts.ts";
import { MemoryStore } from "./memoryStore.ts";
import type {
  DeviceSettings,
  IssuerOptions,
  IssuerRecord,
  IssuerSwitches,
  LiveBearer,
  NewRecord,
  RecordOf,
  RefreshField,
  Secret,
  SecretKind,
  TestAccount,
  WaitOptions,
} from "./types.ts";

type RefreshTokenState = "live" | "used" | "expired" | "invalidated";

interface IssuedRefreshToken {
  account: string;
  grantId: string;
  state: RefreshTokenState;
}

interface IssuedAccessToken {
  account: string;
  grantId: string;
  revoked: boolean;
}

/** Everything the issuer knows beyond oidc-provider's own models. */
export class IssuerState implements IssuerSwitches {
  readonly records: IssuerRecord[] = [];
  readonly accounts: AccountBook;
  readonly store = new MemoryStore();
  readonly refreshTokens = new Map<string, IssuedRefreshToken>();
  readonly accessTokens = new Map<string, IssuedAccessToken>();
  readonly derivedKeys = new Map<string, { account: string; revoked: boolean }>();
  readonly ownKeys: ReadonlySet<string>;
  readonly device: DeviceSettings;
  omitted: ReadonlySet<RefreshField> = new Set();
  stateSuffix = "";
  clockSkew = 0;
  accessTokenLifetime: number;
  idTokenLifetime: number;
  readonly #secrets = new Map<string, SecretKind>();
  readonly #recorded = new EventEmitter();

  constructor(options: IssuerOptions) {
    this.accounts = new AccountBook(options.accounts ?? defaultAccounts);
    this.ownKeys = new Set(options.ownKeys ?? ["sk-test-own-key-000000000000000000000000"]);
    this.accessTokenLifetime = options.accessTokenLifetime ?? 864_000;
    this.idTokenLifetime = options.idTokenLifetime ?? 3600;
    this.device = { enabled: true, interval: 5, lifetime: 900, userCodeField: "user_code", ...options.device };
    this.#recorded.setMaxListeners(0);
  }

  /** The issuer's own clock, in seconds since 1970. */
  now(): number {
    return Math.floor(Date.now() / 1000) + this.clockSkew;
  }

  record(entry: NewRecord): void {
    this.records.push({ ...entry, time: Date.now() });
    this.#recorded.emit("record");
  }

  recordsOf<T extends IssuerRecord["type"]>(type: T): RecordOf<T>[] {
    return this.records.filter((record): record is RecordOf<T> => record.type === type);
  }

  waitForRecord<T extends IssuerRecord["type"]>(type: T, options: WaitOptions = {}): Promise<RecordOf<T>[]> {
    const { count = 1, timeoutMs = 10_000 } = options;
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        this.#recorded.off("record", look);
      };
      const look = () => {
        const found = this.recordsOf(type);
        if (found.length < count) return;
        finish();
        resolve(found);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`the issuer recorded ${this.recordsOf(type).length} of ${count} ${type} in ${timeoutMs} ms`));
      }, timeoutMs);
      this.#recorded.on("record", look);
      look();
    });
  }

  /** Remembers a secret for leak tests. */
  remember(kind: SecretKind, value: unknown): void {
    if (typeof value === "string" && value.length >= 8 && !this.#secrets.has(value)) this.#secrets.set(value, kind);
  }

  secrets(): Secret[] {
    return [...this.#secrets].map(([value, kind]) => ({ kind, value }));
  }

  bearer(value: string): LiveBearer | undefined {
    if (this.ownKeys.has(value) || this.derivedKeys.get(value)?.revoked === false) return { kind: "API key" };
    const access = this.accessTokens.get(value);
    if (access === undefined || access.revoked) return undefined;
    const payload = Buffer.from(value.split(".")[1] ?? "", "base64url").toString("utf8");
    const { exp } = JSON.parse(payload) as { exp: number };
    const workspaceId = this.accounts.get(access.account)?.chatgptAccountId;
    return exp > this.now() && workspaceId !== undefined ? { kind: "access token", workspaceId } : undefined;
  }

  issueDerivedKey(account: string): string {
    const key = `sk-proj-${randomBytes(60).toString("base64url")}`;
    this.derivedKeys.set(key, { account, revoked: false });
    this.remember("derived_key", key);
    return key;
  }

  /** Called when oidc-provider has revoked a grant, and by `revokeAll`. */
  grantRevoked(grantId: string): void {
    for (const token of this.refreshTokens.values()) {
      if (token.grantId === grantId && token.state === "live") token.state = "invalidated";
    }
    for (const token of this.accessTokens.values()) if (token.grantId === grantId) token.revoked = true;
  }

  setAccount(sub: string, patch: Partial<TestAccount>): void {
    this.accounts.set(sub, patch);
  }

  setClockSkew(seconds: number): void {
    this.clockSkew = seconds;
  }

  setLifetimes(lifetimes: { accessToken?: number; idToken?: number }): void {
    this.accessTokenLifetime = lifetimes.accessToken ?? this.accessTokenLifetime;
    this.idTokenLifetime = lifetimes.idToken ?? this.idTokenLifetime;
  }

  revokeAll(sub: string): void {
    for (const [grantId, grant] of this.store.model("Grant")) {
      if (grant.accountId !== sub) continue;
      this.store.revokeGrant(grantId);
      this.grantRevoked(grantId);
    }
    this.revokeDerivedKeys(sub);
  }

  revokeDerivedKeys(sub: string): void {
    for (const key of this.derivedKeys.values()) if (key.account === sub) key.revoked = true;
  }

  expireRefreshTokens(): void {
    for (const payload of this.store.model("RefreshToken").values()) payload.exp = 1;
    for (const token of this.refreshTokens.values()) if (token.state === "live") token.state = "expired";
  }

  omitFromRefresh(fields: RefreshField[]): void {
    this.omitted = new Set(fields);
  }

  setStateSuffix(suffix: string): void {
    this.stateSuffix = suffix;
  }

  setDevice(patch: Partial<DeviceSettings>): void {
    Object.assign(this.device, patch);
  }
}
