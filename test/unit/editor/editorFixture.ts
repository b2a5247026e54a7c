import { accountBinding, newKeyBinding } from "../../../src/account/endpoints.ts";
import { CreditRedeemer } from "../../../src/account/followUp/credits.ts";
import { FollowUp } from "../../../src/account/followUp/followUp.ts";
import { Actions } from "../../../src/editor/actions.ts";
import { OwnKeyActions } from "../../../src/editor/apiKey/ownKeyActions.ts";
import type { CodexExport } from "../../../src/editor/codex/export.ts";
import { CodexImport } from "../../../src/editor/codex/import.ts";
import { EndpointReview } from "../../../src/editor/endpoints/review.ts";
import { SignInSurface } from "../../../src/editor/signIn/surface.ts";
import { Notifications } from "../../../src/editor/vscode/notifications.ts";
import { settings } from "../../../src/editor/vscode/settings.ts";
import { originator } from "../../../src/oauth/issuer.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { createHttpClient } from "../../../src/platform/httpClient.ts";
import type { SignInDependencies } from "../../../src/signin/signIn.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { credentialFor } from "../../support/accountWindow.ts";
import { browseAs, createServices, type ServicesOptions } from "../../support/services.ts";
import { changeSetting } from "../../support/vscodeStub/stub.ts";

/** What a person can do, built as in the extension, over a stub of VS Code, real services and a test's issuer. */
export async function createEditorFixture(issuer: TestIssuer, options: Partial<ServicesOptions> = {}) {
  changeSetting("chatgptSignIn.issuer", issuer.issuer);
  changeSetting("chatgptSignIn.apiBaseUrl", issuer.apiBaseUrl);
  /** What the person does with a page that VS Code opened. */
  const browser = { open: browseAs("plus@example.com") };
  const credits = { wanted: false };
  const surfaceParts: SignInDependencies["surface"] = {
    http: createHttpClient(() => `${originator}/test`, originator),
    openExternal: async (url) => {
      const opened = await surface.open(url);
      if (opened === "opened") void browser.open(url).catch(() => {});
      return opened;
    },
    setUpUrl: () => undefined,
    showDeviceCode: () => {},
    askForLink: () => surface.askForLink(),
  };
  /** The service is one that the person has allowed. */
  const addresses = [issuer.issuer, issuer.apiBaseUrl, issuer.chatgptBaseUrl];
  const services = await createServices({
    issuer: issuer.issuer,
    beginFollowUp: (of, idToken) => followUp.begin(of, idToken),
    ...options,
    signIn: {
      surface: surfaceParts,
      offerAnotherWay: (problem, signal) => surface.offerAnotherWay(problem, signal),
      onTrouble: (error) => actions.tellTrouble(error),
      ...options.signIn,
    },
  });
  const { accounts, source, refresher, deriver, signIn, log, http, cli, revokeToken, endpoints, ownKey } = services;
  const review = new EndpointReview({ accounts, ownKey, endpoints, endpoint: settings.endpoint });
  await endpoints.grant(accountBinding(issuer.issuer), addresses);
  await endpoints.grant(newKeyBinding, addresses);
  const redeemer = new CreditRedeemer({
    ...{ accounts, refresher, deriver, http, log, endpoints },
    clock: options.clock ?? systemClock,
    apiBaseUrl: () => issuer.apiBaseUrl,
    isWanted: () => credits.wanted,
  });
  const followUp = new FollowUp({ accounts, deriver, credits: redeemer, log });
  let logShown = 0;
  const notifications = new Notifications(log, () => {
    logShown += 1;
  });
  const surface = new SignInSurface({ signIn, log });
  const ownKeyActions = new OwnKeyActions(ownKey, http, notifications, log, endpoints);
  const codexImport = new CodexImport({
    ...{ accounts, cli, followUp, notifications },
    ownKey: ownKeyActions,
    endpoints: review,
    clock: systemClock,
  });
  /** What the export to the CLI does, which has tests of its own. */
  const codexExport = { run: async () => {} };
  const revoked: string[] = [];
  const actions = new Actions({
    ...{ accounts, source, refresher, deriver, signIn, surface, codexImport, endpoints, notifications, log },
    ownKey: ownKeyActions,
    codexExport: codexExport as CodexExport,
    endHandOff: services.linkedAccounts.endHandOff,
    revoke: (of, token) => {
      revoked.push(token);
      return revokeToken(of, token);
    },
  });
  return {
    ...services,
    browser,
    credits,
    redeemer,
    followUp,
    notifications,
    surface,
    review,
    ownKeyActions,
    codexImport,
    codexExport,
    actions,
    /** The refresh tokens that were revoked by signing out. */
    revoked,
    get logShown() {
      return logShown;
    },
    /** Stores somebody's sign-in without going through one. */
    async signedIn(email = "plus@example.com", change: object = {}) {
      const credential = { ...credentialFor(issuer.issuer, await signInByHttp(issuer.issuer, email)), ...change };
      await accounts.put(credential, { activate: true });
      return credential;
    },
    async end() {
      signIn.cancel();
      await services.dispose();
    },
  };
}
export type EditorFixture = Awaited<ReturnType<typeof createEditorFixture>>;
