import {
  accountIdOf,
  type CodexLink,
  claimsOf,
  type HeldCredential,
  type LinkedCredential,
} from "../../src/account/credential.ts";
import type { Ending } from "../../src/account/endedAccounts.ts";
import { type AccountDependencies, createAccount, type LinkedLogins } from "../../src/account/module.ts";
import type { SignOut } from "../../src/account/signOut.ts";
import { originator } from "../../src/oauth/issuer.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createHttpClient, type HttpClient, type HttpRequest } from "../../src/platform/httpClient.ts";
import { createLogger } from "../../src/platform/logger.ts";
import type { AuthMode } from "../../src/shared/panelProtocol.ts";
import { Problem } from "../../src/shared/problem.ts";

export interface AccountFixtureOptions extends Partial<AccountDependencies> {
  secrets: AccountDependencies["secrets"];
  directory: string;
  /** How long the issuer has for an answer, ms; by default as in the extension. */
  timeoutMs?: () => number;
  /** Called with each request. */
  onRequest?: (request: HttpRequest) => void;
  /** Called when the issuer has answered, before anything is made of the answer. */
  onAnswer?: () => void;
}

/** The account services of one window, with memory and a log that a test can read. The person allows every endpoint. */
export function createAccountFixture({ timeoutMs, onRequest, onAnswer, ...given }: AccountFixtureOptions) {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const client = createHttpClient(() => `${originator}/test`, originator);
  const http: HttpClient = {
    ...client,
    async send(request) {
      onRequest?.(request);
      const answer = await client.send(timeoutMs ? { ...request, timeoutMs: timeoutMs() } : request);
      onAnswer?.();
      return answer;
    },
  };
  const memory = new Map<string, unknown>();
  const mode: { current: AuthMode } = { current: "chatgpt" };
  const dependencies = {
    clock: systemClock,
    http,
    log: createLogger(() => ({ debug: write, info: write, warn: write, error: write })),
    hint: memoryHint(),
    memory: {
      get: (key: string) => memory.get(key),
      update: async (key: string, value: unknown) => void memory.set(key, value),
    },
    askForEndpoints: async () => true,
    authMode: () => mode.current,
    apiBaseUrl: () => "https://api.openai.com/v1",
    allowedWorkspaces: () => [],
    redeemCredits: () => false,
    linked: () => noLinkedLogins,
    ...given,
  };
  const { log, hint } = dependencies;
  const services = createAccount(dependencies);
  const signOutAccount = (id: string) => signOutOf(services.signOut, id);
  return { ...services, signOutAccount, http, log, lines, hint, memory, mode };
}
export type AccountFixture = ReturnType<typeof createAccountFixture>;

/**
 * Signs an account out as the editor does.
 * @returns the sign-in that has ended; undefined when there is none
 */
export async function signOutOf(signOut: SignOut, id: string): Promise<Ending | undefined> {
  const ending = await signOut.begin(id);
  if (ending) await signOut.finish(ending);
  return ending;
}

const noLinkedLogins: LinkedLogins = {
  refresh: () => Promise.reject(new Problem("needsSignIn", "not linked here")),
  settleHandOff: () => Promise.reject(new Problem("needsSignIn", "not linked here")),
};

/** Remembers in memory whether somebody is signed in. */
export function memoryHint() {
  let signedIn: boolean | "missing" = false;
  return {
    get: () => signedIn,
    set: async (next: boolean | "missing") => {
      signedIn = next;
    },
  };
}

/** The record of the same account when the Codex CLI owns its login. */
export function linkedCredential(
  { handOff: _none, ...held }: HeldCredential,
  link: CodexLink = { codexHome: "/nowhere", store: "file", refreshHere: false },
): LinkedCredential {
  const { idToken, accessToken } = held.tokens;
  return { ...held, origin: "linked", tokens: { idToken, accessToken }, link };
}

/** The record that a sign-in stores for these tokens. */
export function credentialFor(
  issuer: string,
  tokens: { access_token: string; refresh_token: string; id_token: string },
  { now = Date.now(), clockOffset = 0 } = {},
): HeldCredential {
  const kept = { idToken: tokens.id_token, accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
  return {
    version: 2,
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
