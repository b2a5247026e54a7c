import { revoke } from "../oauth/revocation.ts";
import { TokenEndpoint } from "../oauth/tokenEndpoint.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import type { HttpClient } from "../platform/httpClient.ts";
import { createFileLock, type Lock, type LockTimes } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import type { AuthMode } from "../shared/panelProtocol.ts";
import { Accounts } from "./accounts.ts";
import type { SignedInHint } from "./accountsReader.ts";
import { CachedSecrets } from "./cachedSecrets.ts";
import type { LinkedCredential } from "./credential.ts";
import { CredentialSource } from "./credentialSource.ts";
import { type EndpointMemory, EndpointPermissions, type EndpointQuestion } from "./endpointPermissions.ts";
import { CreditRedeemer } from "./followUp/credits.ts";
import { KeyDeriver } from "./followUp/derivedKey.ts";
import { FollowUp } from "./followUp/followUp.ts";
import { LeftTokens } from "./leftTokens.ts";
import type { SecretLimits } from "./limitSecrets.ts";
import { OwnKeyStore } from "./ownKey.ts";
import { Refresher, type RefresherDependencies } from "./refresher.ts";
import { createRefreshNotes, type RefreshNotes } from "./refreshNotes.ts";
import { ReplacedTokens } from "./replacedTokens.ts";
import { scheduleRefresh } from "./scheduledRefresh.ts";
import type { SecretStorage } from "./secretStorage.ts";
import { SecretStore } from "./secretStore.ts";
import { createSignInNotes } from "./signInNotes.ts";
import { SignOut } from "./signOut.ts";
import { createSpendingClaims } from "./spendingClaims.ts";
import { createIssuerRefresher, type TokenRefresher } from "./tokenRefresher.ts";
import { WorkspacePolicy } from "./workspacePolicy.ts";

/** What the module above does for logins that the Codex CLI owns, or may own. */
export interface LinkedLogins extends TokenRefresher<LinkedCredential>, Pick<RefresherDependencies, "settleHandOff"> {}

export interface AccountDependencies {
  secrets: SecretStorage;
  /** A window sees the secrets as they were when its page was loaded, as in VS Code on the web. */
  secretsAreCached?: boolean;
  /** When that page was loaded, or a moment earlier, ms since 1970. */
  loadedAt?: number;
  secretLimits?: SecretLimits;
  /** The folder that all windows of one person share. */
  directory: string;
  lockTimes?: LockTimes;
  http: HttpClient;
  clock: Clock;
  log: Logger;
  hint: SignedInHint;
  /** Where the person's answers about endpoints are remembered. */
  memory: EndpointMemory;
  /** Asks the person in a modal dialog whether a credential may go to these addresses. */
  askForEndpoints: (question: EndpointQuestion) => PromiseLike<boolean>;
  authMode: () => AuthMode;
  /** @throws Problem `badSetting` */
  apiBaseUrl: () => string;
  /** The ids of the only ChatGPT workspaces that may be used, see `WorkspacePolicy`. */
  allowedWorkspaces: () => readonly string[];
  /** Whether the API credits of a plan are to be asked for. */
  redeemCredits: () => boolean;
  /** Called when the first linked account needs it: it is built after this module, from what this module returns. */
  linked: () => LinkedLogins;
}

export interface AccountServices {
  readonly accounts: Accounts;
  readonly ownKey: OwnKeyStore;
  readonly lock: Lock;
  readonly refreshNotes: RefreshNotes;
  readonly tokenEndpoint: (issuer: string) => TokenEndpoint;
  readonly signOut: SignOut;
  readonly endpoints: EndpointPermissions;
  readonly refresher: Refresher;
  readonly deriver: KeyDeriver;
  readonly credits: CreditRedeemer;
  readonly followUp: FollowUp;
  readonly source: CredentialSource;
  readonly policy: WorkspacePolicy;
  /** @throws Problem `staleWindow` when another window has changed the secrets and this one cannot see it */
  readonly assertCurrent: () => Promise<void>;
  /**
   * Reads what is stored. What could not be read of the accounts is told by their state (`unread`).
   * @returns whether the own key could be read; it need not be while requests are made with ChatGPT
   * @throws Problem `keyringFailed`, `keyringSilent` where the key that requests use cannot be read; can be called again
   */
  load(): Promise<{ isOwnKeyKnown: boolean }>;
  /** Starts what happens without being asked for: refreshes before a token expires, and what a sign-in has left to do. */
  start(): void;
  /** Resolves when no refresh is under way, and everything is stored that can be. */
  dispose(): Promise<void>;
}

/** Builds the services that keep credentials. Nothing is read before `load`, or before somebody asks for a credential. */
export function createAccount(dependencies: AccountDependencies): AccountServices {
  const { directory, http, clock, log, hint, memory, authMode, secretLimits, linked } = dependencies;
  const cached = dependencies.secretsAreCached ? cachedSecrets(dependencies) : undefined;
  const secrets = cached ?? dependencies.secrets;
  const assertCurrent = async () => cached?.assertCurrent();
  const tokenEndpoint = (issuer: string) => new TokenEndpoint(http, issuer);
  const lock = createFileLock(directory, log, dependencies.lockTimes);
  const refreshNotes = createRefreshNotes(directory);
  const replacedTokens = new ReplacedTokens(secrets, log, secretLimits);
  const accounts = new Accounts({
    ...{ lock, hint, refreshNotes, replacedTokens, clock, log, store: new SecretStore(secrets, secretLimits) },
    signInNotes: createSignInNotes(directory),
    failedNotes: createSignInNotes(directory, "failed-sign-in"),
  });
  const leftTokens = new LeftTokens({ ended: accounts.ended, replacedTokens, lock, clock, log });
  const signOut = new SignOut({
    ...{ accounts, leftTokens, refreshNotes, lock, clock, log },
    revoke: (issuer, refreshToken) => revoke(http, issuer, refreshToken),
  });
  const ownKey = new OwnKeyStore({ secrets, log, limits: secretLimits });
  const endpoints = new EndpointPermissions({ memory, ask: dependencies.askForEndpoints, clock, log });
  const issuerRefresher = createIssuerRefresher(tokenEndpoint);
  const policy = new WorkspacePolicy(dependencies.allowedWorkspaces);
  const spendingClaims = createSpendingClaims(directory, clock, log);
  const refresher = new Refresher({
    ...{ accounts, leftTokens, lock, refreshNotes, spendingClaims, policy, clock, log, assertCurrent },
    discard: (id, token) => signOut.discard(id, token),
    refreshers: {
      own: issuerRefresher,
      copied: issuerRefresher,
      linked: { refresh: (credential) => linked().refresh(credential) },
    },
    settleHandOff: (credential) => linked().settleHandOff(credential),
  });
  const deriver = new KeyDeriver({ accounts, tokenEndpoint, policy, clock, log });
  const { apiBaseUrl, redeemCredits: isWanted } = dependencies;
  const credits = new CreditRedeemer({
    ...{ accounts, refresher, deriver, policy, http, clock, log, endpoints, apiBaseUrl, isWanted },
  });
  const followUp = new FollowUp({ accounts, deriver, credits, policy, log });
  const source = new CredentialSource({ accounts, ownKey, refresher, policy, authMode, clock });
  let scheduledRefresh: Disposable | undefined;
  return {
    ...{ accounts, ownKey, lock, refreshNotes, tokenEndpoint, signOut, endpoints },
    ...{ refresher, deriver, credits, followUp, source, policy, assertCurrent },
    async load() {
      const [loaded, keyLoaded] = await Promise.allSettled([loadAccounts(accounts, log), ownKey.load()]);
      if (loaded.status === "rejected") throw loaded.reason;
      if (keyLoaded.status === "fulfilled") return { isOwnKeyKnown: true };
      // A key that no request uses must not keep the person from everything else.
      if (authMode() === "apiKey") throw keyLoaded.reason;
      log.warn(`The own key could not be read: ${describeError(keyLoaded.reason)}`);
      return { isOwnKeyKnown: false };
    },
    start() {
      followUp.resume();
      signOut.resume();
      scheduledRefresh ??= scheduleRefresh({ accounts, source, clock, log });
    },
    async dispose() {
      ownKey.dispose();
      signOut.dispose();
      scheduledRefresh?.dispose();
      await refresher.settle();
      await signOut.settled();
      await accounts.settled();
    },
  };
}

function cachedSecrets({ secrets, directory, secretLimits, loadedAt, clock }: AccountDependencies): CachedSecrets {
  return new CachedSecrets(secrets, directory, { limits: secretLimits, loadedAt, now: () => clock.now() });
}

/** Not every action needs to know who is signed in, and whoever does reads again. */
async function loadAccounts(accounts: Accounts, log: Logger): Promise<void> {
  try {
    await accounts.load();
  } catch (error) {
    if (!accounts.state.unread) throw error;
    log.warn(`No account could be read: ${describeError(error)}`);
  }
}
