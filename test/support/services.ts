import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountBinding } from "../../src/account/endpoints.ts";
import type { BegunFollowUp } from "../../src/account/followUp/followUp.ts";
import type { AccountDependencies } from "../../src/account/module.ts";
import { type CodexDependencies, createCodex } from "../../src/codex/module.ts";
import { type Clock, systemClock } from "../../src/platform/clock.ts";
import type { FlowName } from "../../src/shared/panelProtocol.ts";
import type { Problem } from "../../src/shared/problem.ts";
import type { SignInEvent } from "../../src/signin/flow.ts";
import { createSignIn, type SignInModuleDependencies } from "../../src/signin/module.ts";
import { loginByHttp } from "../issuer/login.ts";
import { type AccountFixtureOptions, createAccountFixture } from "./accountFixture.ts";
import { MemorySecrets } from "./memorySecrets.ts";

export interface ServicesOptions {
  issuer: string;
  secrets?: AccountDependencies["secrets"];
  clock?: Clock;
  /** The folder that windows of one person share; by default a new one. */
  directory?: string;
  /** What the browser does with the sign-in page; by default it signs in as the Plus account. */
  openExternal?: (url: string) => PromiseLike<boolean>;
  /** The computer's Codex CLI; by default there is none. */
  codex?: Partial<CodexDependencies>;
  /** What the account services get instead of a test's defaults. */
  account?: Partial<AccountFixtureOptions>;
  /** Parts of the sign-in that a test replaces. */
  signIn?: Partial<SignInModuleDependencies>;
  /** What the editor does for the sign-in; by default it opens pages in the browser. */
  onSignInEvent?: (event: SignInEvent) => void;
  /** The flow that the person chooses when the first cannot be used; without it the sign-in fails. */
  chooseFlow?: (problem: Problem) => Promise<FlowName | undefined>;
  /** What follows a sign-in; by default nothing. */
  beginFollowUp?: (issuer: string, idToken: string) => BegunFollowUp;
}

/** One window's services below the editor, as the extension builds them, with a browser that is driven by HTTP. */
export async function createServices(options: ServicesOptions) {
  const { issuer, clock = systemClock } = options;
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "chatgpt-sign-in-")));
  const secrets = options.secrets ?? new MemorySecrets();
  const account = createAccountFixture({
    ...{ secrets, directory, clock },
    linked: () => codex.linkedLogins,
    ...options.account,
  });
  const { accounts, lock, log, http, tokenEndpoint, endpoints } = account;
  const codex = createCodex({
    ...{ accounts, tokenEndpoint, lock, clock, log },
    version: "0.1.0",
    environment: {},
    userHome: directory,
    codexPath: () => "",
    workspaceFolders: () => [],
    ...options.codex,
  });
  const browser = { open: options.openExternal ?? browseAs("plus@example.com") };
  const { signIn } = createSignIn({
    ...{ accounts, tokenEndpoint, http, clock, log },
    environment: { web: false, remote: false, host: undefined, hostname: "far-7" },
    preferredFlow: () => "browser",
    issuer: () => issuer,
    permit: (of, signal) =>
      endpoints.request(accountBinding(of), [of], { again: true, problem: "signInNotAllowed", signal }),
    allowedWorkspaces: () => [],
    discard: (id, token) => account.signOut.discard(id, token),
    beginFollowUp: (of, idToken) => options.beginFollowUp?.(of, idToken) ?? noFollowUp,
    ...options.signIn,
  });
  const chooseFlow = options.chooseFlow ?? ((problem: Problem) => Promise.reject(problem));
  const onSignInEvent = (event: SignInEvent) => {
    if (event.type === "openPage") event.answer(browser.open(event.url).then((is) => (is ? "opened" : "notOpened")));
    if (event.type === "chooseFlow") event.answer(chooseFlow(event.problem));
  };
  signIn.onEvent(options.onSignInEvent ?? onSignInEvent);
  return {
    ...account,
    signIn,
    secrets,
    directory,
    browser,
    codex,
    async dispose() {
      await codex.dispose();
      await account.dispose();
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
    },
  };
}
export type TestServices = Awaited<ReturnType<typeof createServices>>;

/** Nothing that follows a sign-in. */
export const noFollowUp: BegunFollowUp = { complete: (credential) => credential, finish() {} };

/** A browser in which this person signs in and follows the redirects to the end. */
export function browseAs(email: string): (url: string) => Promise<boolean> {
  return async (url) => {
    const redirect = await loginByHttp(url, email, "password");
    void fetch(redirect).catch(() => {});
    return true;
  };
}
