import assert from "node:assert/strict";
import type * as vscode from "vscode";
import type { Credential, LinkedCredential } from "../../../src/account/credential.ts";
import { accountBinding, newKeyBinding } from "../../../src/account/endpoints.ts";
import { createEditor, type EditorHost } from "../../../src/editor/module.ts";
import { KnownAccounts } from "../../../src/editor/sessions/knownAccounts.ts";
import { Hints } from "../../../src/editor/vscode/hints.ts";
import { settings } from "../../../src/editor/vscode/settings.ts";
import { originator } from "../../../src/oauth/issuer.ts";
import { createOpenAi } from "../../../src/openai/module.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import type { HttpRequest } from "../../../src/platform/httpClient.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { credentialFor, linkedCredential } from "../../support/accountFixture.ts";
import { browseAs, createServices, type ServicesOptions } from "../../support/services.ts";
import { assertNeverShown, changeSetting, resetVscode, state } from "../../support/vscodeStub/stub.ts";
import { Uri } from "../../support/vscodeStub/vscode.ts";
import { MemoryMemento } from "./sessions/sessionFixture.ts";

/** What a person can do, built as in the extension, over a stub of VS Code, real services and a test's issuer. */
export async function createEditorFixture(issuer: TestIssuer, options: Partial<ServicesOptions> = {}) {
  changeSetting("chatgptSignIn.issuer", issuer.issuer);
  changeSetting("chatgptSignIn.apiBaseUrl", issuer.apiBaseUrl);
  /** What the person does with a page that VS Code opened. */
  const browser = { open: browseAs("plus@example.com") };
  const wanted = { credits: false };
  /** The refresh tokens that were revoked. */
  const revoked: string[] = [];
  const onRequest = (request: HttpRequest) => void revoked.push(...tokensRevokedBy(request));
  const services = await createServices({
    issuer: issuer.issuer,
    beginFollowUp: (of, idToken) => services.followUp.begin(of, idToken),
    onSignInEvent: (event) => {
      if (event.type !== "openPage") return;
      // The surface listens too, and has VS Code open the page first.
      queueMicrotask(() => state.opening === true && void browser.open(event.url).catch(() => {}));
    },
    ...options,
    account: {
      ...{ apiBaseUrl: () => issuer.apiBaseUrl, redeemCredits: () => wanted.credits, onRequest },
      ...{ allowedWorkspaces: () => settings.allowedWorkspaces, ...options.account },
    },
  });
  const { accounts, source, signIn, log, http, codex, endpoints } = services;
  // The person has allowed the service.
  for (const binding of [accountBinding(issuer.issuer), newKeyBinding])
    await endpoints.grant(binding, [issuer.issuer, issuer.apiBaseUrl, issuer.chatgptBaseUrl]);
  const openai = createOpenAi({
    ...{ http, fetch, credentials: source, endpoints, clock: systemClock, log },
    userAgent: `${originator}/test`,
    endpoint: settings.endpoint,
  });
  /** What was shown of VS Code's own. */
  const shown: string[] = [];
  /** The variables that integrated terminals get. */
  const terminals = new Map<string, string>();
  const globalState = new MemoryMemento();
  const editor = createEditor({
    ...{ signIn, codex, openai, http, clock: systemClock, isOwnKeyKnown: true },
    account: services,
    host: { ...hostOver(services.secrets, terminals, globalState), log, showLog: () => shown.push("log") },
  });
  return {
    ...services,
    ...editor,
    ...{ browser, terminals, globalState },
    /** Whether the person wants the credits of their plan asked for. */
    wanted,
    revoked,
    shown,
    /** Stores somebody's sign-in without going through one. */
    async signedIn(email = "plus@example.com", change: object = {}) {
      const own = credentialFor(issuer.issuer, await signInByHttp(issuer.issuer, email));
      const credential = { ...own, ...change };
      const isLinked = (credential as Credential).origin === "linked";
      const linked = { ...linkedCredential(own), ...(change as Partial<LinkedCredential>) };
      await accounts.storeSignIn(isLinked ? linked : credential);
      return credential;
    },
    async end() {
      signIn.cancel();
      editor.dispose();
      // One that was opened for a device code would be said to be not loaded, in a later test.
      for (const panel of state.panels) panel.dispose();
      await services.dispose();
    },
  };
}

function tokensRevokedBy({ url, json }: HttpRequest): string[] {
  return url.endsWith("/oauth/revoke") ? [(json as { token: string }).token] : [];
}

export type EditorFixture = Awaited<ReturnType<typeof createEditorFixture>>;

/**
 * Gives the tests of a `describe` an issuer and each of them a window. To be called first in it. After each test, no secret
 * of the issuer may have been shown or logged.
 *
 * @param take is handed both before each test
 */
export function useEditorFixture(
  take: (fixture: EditorFixture, issuer: TestIssuer) => void,
  issuerOptions: Parameters<typeof startIssuer>[0] = {},
  options: Partial<ServicesOptions> = {},
): void {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  before(async () => {
    issuer = await startIssuer(issuerOptions);
  });
  after(() => issuer.close());
  beforeEach(async () => {
    resetVscode();
    fixture = await createEditorFixture(issuer, options);
    take(fixture, issuer);
  });
  afterEach(async () => {
    issuer.faults.clear();
    // Code and state are in the sign-in page's address, which is opened; a user code is there to be read.
    const secrets = issuer.secrets().filter(({ kind }) => kind !== "state" && kind !== "user_code");
    assertNeverShown(...secrets.map(({ value }) => value).filter((value) => value.length > 5));
    for (const { value } of secrets) assert.ok(!fixture.lines.join("\n").includes(value));
    await fixture.end();
  });
}

/** What VS Code gives, and what activation remembers: nothing yet. */
function hostOver(
  secrets: ServicesOptions["secrets"],
  terminals: Map<string, string>,
  globalState: MemoryMemento,
): Omit<EditorHost, "log" | "showLog"> {
  const context = {
    extensionUri: Uri.file("/extension"),
    environmentVariableCollection: {
      replace: (name: string, value: string) => void terminals.set(name, value),
      clear: () => terminals.clear(),
    },
    secrets,
    globalState,
  };
  return {
    context: context as unknown as vscode.ExtensionContext,
    memory: new MemoryMemento(),
    known: new KnownAccounts(new MemoryMemento()),
    hints: new Hints(new MemoryMemento()),
    linkProof: "proof",
    onSessionsChanged: () => {},
    environment: {},
  };
}
