import { Accounts } from "../../src/account/accounts.ts";
import type { SignedInHint } from "../../src/account/accountsReader.ts";
import type { CachedSecrets } from "../../src/account/cachedSecrets.ts";
import { accountIdOf, type Credential, claimsOf } from "../../src/account/credential.ts";
import { CredentialSource } from "../../src/account/credentialSource.ts";
import { KeyDeriver } from "../../src/account/followUp/derivedKey.ts";
import { OwnKeyStore } from "../../src/account/ownKey.ts";
import { Refresher } from "../../src/account/refresher.ts";
import { createRefreshNotes } from "../../src/account/refreshNotes.ts";
import { type SecretStorage, SecretStore } from "../../src/account/secretStore.ts";
import { originator } from "../../src/oauth/issuer.ts";
import { revoke } from "../../src/oauth/revocation.ts";
import { TokenEndpoint, type TokenSet } from "../../src/oauth/tokenEndpoint.ts";
import { type Clock, systemClock } from "../../src/platform/clock.ts";
import { createHttpClient, type HttpClient } from "../../src/platform/httpClient.ts";
import { createFileLock, type LockTimes } from "../../src/platform/lock.ts";
import { createLogger } from "../../src/platform/logger.ts";
import type { AuthMode } from "../../src/shared/panelProtocol.ts";

export interface AccountWindowOptions {
  secrets: SecretStorage;
  /** The folder that the windows of one person share. */
  directory: string;
  clock?: Clock;
  cachedSecrets?: CachedSecrets;
  lockTimes?: LockTimes;
  hint?: SignedInHint;
  /** How long the issuer has for an answer, ms; as in the extension unless told. */
  timeoutMs?: () => number;
  /** Told when the issuer has answered, before anything is made of the answer. */
  onAnswer?: () => void;
  refreshLinked?: (credential: Credential) => Promise<Partial<TokenSet>>;
}

/** The account room of one window, as the extension builds it, without what signs people in. */
export function createAccountWindow(options: AccountWindowOptions) {
  const { directory, clock = systemClock, cachedSecrets: cached } = options;
  const secrets = cached ?? options.secrets;
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const log = createLogger(() => ({ debug: write, info: write, warn: write, error: write }));
  const client = createHttpClient(() => `${originator}/test`, originator);
  const { timeoutMs, onAnswer } = options;
  const http: HttpClient = {
    ...client,
    async send(request) {
      const answer = await client.send(timeoutMs ? { ...request, timeoutMs: timeoutMs() } : request);
      onAnswer?.();
      return answer;
    },
  };
  const tokenEndpoint = (issuer: string) => new TokenEndpoint(http, issuer);
  const lock = createFileLock(directory, log, options.lockTimes);
  const refreshNotes = createRefreshNotes(directory);
  let hinted: boolean | "missing" = false;
  const hint = options.hint ?? {
    get: () => hinted,
    set: async (signedIn: boolean | "missing") => {
      hinted = signedIn;
    },
  };
  const accounts = new Accounts(new SecretStore(secrets), lock, hint, refreshNotes, log);
  const ownKey = new OwnKeyStore(secrets, log);
  const refresher = new Refresher({
    ...{ accounts, tokenEndpoint, lock, refreshNotes, clock, log },
    revoke: (issuer, token) => revoke(http, issuer, token),
    ...(cached && { assertCurrent: () => cached.assertCurrent() }),
    ...(options.refreshLinked && { refreshLinked: options.refreshLinked }),
  });
  const mode: { current: AuthMode } = { current: "chatgpt" };
  const source = new CredentialSource({ accounts, ownKey, refresher, authMode: () => mode.current, clock });
  const deriver = new KeyDeriver(accounts, tokenEndpoint, clock, log);
  return {
    accounts,
    ownKey,
    refresher,
    source,
    deriver,
    refreshNotes,
    lock,
    lines,
    log,
    http,
    hint,
    mode,
    tokenEndpoint,
  };
}
export type AccountWindow = ReturnType<typeof createAccountWindow>;

/** The record that a sign-in stores for these tokens. */
export function credentialFor(
  issuer: string,
  tokens: { access_token: string; refresh_token: string; id_token: string },
  { now = Date.now(), clockOffset = 0 } = {},
): Credential {
  const kept = { idToken: tokens.id_token, accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
  return {
    version: 1,
    id: accountIdOf(issuer, claimsOf(kept)),
    origin: "own",
    issuer,
    tokens: kept,
    sequence: 0,
    signedInAt: now,
    receivedAt: now,
    clockOffset,
    derivedKey: { status: "absent", why: "noOrganization" },
  };
}
