import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Accounts } from "../../src/account/accounts.ts";
import type { CachedSecrets } from "../../src/account/cachedSecrets.ts";
import { CredentialSource } from "../../src/account/credentialSource.ts";
import { EndpointPermissions, type EndpointQuestion } from "../../src/account/endpointPermissions.ts";
import { accountBinding } from "../../src/account/endpoints.ts";
import { KeyDeriver } from "../../src/account/followUp/derivedKey.ts";
import { OwnKeyStore } from "../../src/account/ownKey.ts";
import { Refresher } from "../../src/account/refresher.ts";
import { createRefreshNotes } from "../../src/account/refreshNotes.ts";
import { type SecretStorage, SecretStore } from "../../src/account/secretStore.ts";
import { CodexCli, type CodexCliDependencies } from "../../src/codex/codexCli.ts";
import { FileRefresher } from "../../src/codex/fileRefresher.ts";
import { LinkedAccounts } from "../../src/codex/linkedAccounts.ts";
import { originator } from "../../src/oauth/issuer.ts";
import { revoke } from "../../src/oauth/revocation.ts";
import { TokenEndpoint } from "../../src/oauth/tokenEndpoint.ts";
import { type Clock, systemClock } from "../../src/platform/clock.ts";
import { createHttpClient } from "../../src/platform/httpClient.ts";
import { createFileLock, type LockTimes } from "../../src/platform/lock.ts";
import { createLogger } from "../../src/platform/logger.ts";
import type { AuthMode } from "../../src/shared/panelProtocol.ts";
import { SignIn, type SignInDependencies } from "../../src/signin/signIn.ts";
import { loginByHttp } from "../issuer/login.ts";
import { MemorySecrets } from "./memorySecrets.ts";

export interface ServicesOptions {
  issuer: string;
  secrets?: SecretStorage;
  clock?: Clock;
  /** The folder that windows of one person share; a fresh one unless told. */
  directory?: string;
  /** What the browser does with the sign-in page; signs in as the Plus account unless told. */
  openExternal?: (url: string) => PromiseLike<boolean>;
  /** The window sees its secrets as they were when it was loaded, as on the web. */
  cachedSecrets?: CachedSecrets;
  lockTimes?: LockTimes;
  /** The computer's Codex CLI; none unless told. */
  codex?: Partial<CodexCliDependencies>;
  /** What the person says when they are asked for an address; allows it unless told. */
  askForEndpoints?: (question: EndpointQuestion) => PromiseLike<boolean>;
  /** Parts of the sign-in that a test replaces. */
  signIn?: Partial<SignInDependencies>;
  /** What follows a sign-in; nothing unless told. */
  beginFollowUp?: (issuer: string, idToken: string, deriver: KeyDeriver) => (id: string) => void;
}

/** One window's services below the editor, as the extension builds them, with a browser that is driven by HTTP. */
export async function createServices(options: ServicesOptions) {
  const { issuer, clock = systemClock } = options;
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "chatgpt-sign-in-")));
  const cached = options.cachedSecrets;
  const secrets = cached ?? options.secrets ?? new MemorySecrets();
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const log = createLogger(() => ({ debug: write, info: write, warn: write, error: write }));
  const http = createHttpClient(() => `${originator}/test`, originator);
  const tokenEndpoint = (of: string) => new TokenEndpoint(http, of);
  const revokeToken = (of: string, token: string) => revoke(http, of, token);
  const lock = createFileLock(directory, log, options.lockTimes);
  const refreshNotes = createRefreshNotes(directory);
  let hinted: boolean | "missing" = false;
  const hint = {
    get: () => hinted,
    set: async (signedIn: boolean | "missing") => {
      hinted = signedIn;
    },
  };
  const accounts = new Accounts(new SecretStore(secrets), lock, hint, refreshNotes, log);
  const ownKey = new OwnKeyStore(secrets, log);
  const cli = new CodexCli({
    clock,
    version: "0.1.0",
    environment: {},
    userHome: directory,
    codexPath: () => "",
    workspaceFolders: () => [],
    ...options.codex,
  });
  const fileRefresher = new FileRefresher({ tokenEndpoint, clock, log });
  const linkedAccounts = new LinkedAccounts({ accounts, cli, fileRefresher, lock, clock, log });
  const refresher = new Refresher({
    accounts,
    tokenEndpoint,
    revoke: revokeToken,
    lock,
    refreshNotes,
    clock,
    log,
    ...(cached && { assertCurrent: () => cached.assertCurrent() }),
    refreshLinked: linkedAccounts.refresh,
    settleHandOff: linkedAccounts.settleHandOff,
  });
  const mode: { current: AuthMode } = { current: "chatgpt" };
  const source = new CredentialSource({ accounts, ownKey, refresher, authMode: () => mode.current, clock });
  const deriver = new KeyDeriver(accounts, tokenEndpoint, clock, log);
  const memory = new Map<string, unknown>();
  const endpoints = new EndpointPermissions({
    memory: {
      get: (key) => memory.get(key),
      update: async (key, value) => void memory.set(key, value),
    },
    ask: options.askForEndpoints ?? (async () => true),
    clock,
    log,
  });
  const browser = { open: options.openExternal ?? browseAs("plus@example.com") };
  const signIn = new SignIn({
    accounts,
    tokenEndpoint,
    clock,
    log,
    issuer: () => issuer,
    permit: (of, signal) =>
      endpoints.request(accountBinding(of), [of], { again: true, problem: "signInNotAllowed", signal }),
    firstFlow: () => "browser",
    surface: {
      http,
      openExternal: async (url) => ((await browser.open(url)) ? "opened" : "notOpened"),
      setUpUrl: () => (accounts.state.active?.needsPlatformSetup ? "https://platform.openai.com/" : undefined),
      showDeviceCode: () => {},
      askForLink: () => {},
    },
    revoke: revokeToken,
    beginFollowUp: (of, idToken) => options.beginFollowUp?.(of, idToken, deriver) ?? (() => {}),
    ...options.signIn,
  });
  return {
    accounts,
    ownKey,
    refresher,
    source,
    deriver,
    endpoints,
    /** What is remembered outside the secrets, which other windows see. */
    memory,
    signIn,
    secrets,
    refreshNotes,
    directory,
    lines,
    log,
    lock,
    http,
    hint,
    mode,
    browser,
    revokeToken,
    tokenEndpoint,
    cli,
    linkedAccounts,
    async dispose() {
      await linkedAccounts.dispose();
      await cli.dispose();
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
    },
  };
}
export type TestServices = Awaited<ReturnType<typeof createServices>>;

/** A browser in which this person signs in and follows the redirects to the end. */
export function browseAs(email: string): (url: string) => Promise<boolean> {
  return async (url) => {
    const redirect = await loginByHttp(url, email, "password");
    void fetch(redirect).catch(() => {});
    return true;
  };
}
