import { homedir } from "node:os";
import * as vscode from "vscode";
import { createAccount } from "./account/module.ts";
import { createCodex } from "./codex/module.ts";
import { askForEndpoints } from "./editor/endpoints/consentDialogs.ts";
import { createEditor, type EditorHost, type EditorServices } from "./editor/module.ts";
import { hostEnvironmentOf } from "./editor/signIn/hostEnvironment.ts";
import { settings } from "./editor/vscode/settings.ts";
import { originator } from "./oauth/issuer.ts";
import { createOpenAi } from "./openai/module.ts";
import { type Clock, delay, systemClock } from "./platform/clock.ts";
import { Disposables } from "./platform/disposables.ts";
import { createHttpClient } from "./platform/httpClient.ts";
import { createSignIn } from "./signin/module.ts";

/** How long it may take from the loading of a page to the start of its extensions, ms. */
const pageMs = 30_000;

/** VS Code ends an extension host 5 s after it has asked its extensions to end, whatever they are doing, ms. */
const endMs = 4_500;

export interface Host extends EditorHost {
  /** Tells VS Code that the models have changed. */
  onModelsChanged: () => void;
}

export interface Services extends Pick<EditorServices, "run" | "chatModels" | "sessions"> {
  dispose(): Promise<void>;
}

/** Builds the modules and hands them to each other. Called when something is first asked for. */
export async function compose(host: Host): Promise<Services> {
  const { context, memory, hints, log, onModelsChanged } = host;
  const clock = systemClock;
  const { version } = context.extension.packageJSON as { version: string };
  const userAgent = `${originator}/${version} (${process.platform}; ${process.arch}) vscode/${vscode.version}`;
  const http = createHttpClient(() => userAgent, originator);
  const account = createAccount({
    ...{ http, clock, log, memory, askForEndpoints },
    secrets: context.secrets,
    secretsAreCached: vscode.env.uiKind === vscode.UIKind.Web,
    loadedAt: pageLoadedAt(),
    directory: context.globalStorageUri.fsPath,
    hint: hints.signedIn,
    authMode: () => settings.authMode,
    apiBaseUrl: () => settings.endpoint("apiBaseUrl"),
    allowedWorkspaces: () => settings.allowedWorkspaces,
    redeemCredits: () => settings.redeemCredits,
    linked: () => codex.linkedLogins,
  });
  // Before anything else is built: when this fails, nothing is left behind, and the next call tries again.
  const { isOwnKeyKnown } = await account.load().catch(async (error: unknown) => {
    await account.dispose();
    throw error;
  });
  const { accounts, ownKey, endpoints, tokenEndpoint, lock, signOut } = account;
  const codex = createCodex({ ...{ accounts, tokenEndpoint, lock, clock, log, version }, ...codexHost() });
  const { signIn, dispose: endSignIn } = createSignIn({
    ...{ accounts, tokenEndpoint, http, clock, log },
    discard: (id, token) => signOut.discard(id, token),
    environment: hostEnvironmentOf(context),
    preferredFlow: () => settings.preferredFlow,
    issuer: () => settings.issuerIdentifier,
    permit: (issuer, signal) => editor.review.permitSignIn(issuer, signal),
    allowedWorkspaces: () => settings.allowedWorkspaces,
    beginFollowUp: (issuer, idToken) => account.followUp.begin(issuer, idToken),
  });
  const openai = createOpenAi({
    ...{ http, fetch, credentials: account.source, endpoints, userAgent, clock, log },
    endpoint: settings.endpoint,
  });
  const editor = createEditor({ host, account, isOwnKeyKnown, signIn, codex, openai, http, clock });
  account.start();
  const disposables = new Disposables();
  disposables.add(openai);
  disposables.add(editor);
  for (const { onDidChange } of [accounts, ownKey, settings, endpoints]) disposables.add(onDidChange(onModelsChanged));
  return {
    ...editor,
    async dispose() {
      disposables.dispose();
      await atMost(clock, endMs, async () => {
        // At the same time: what could not be stored yet must not wait for a sign-in that is being stored.
        await Promise.all([endSignIn().then(() => signOut.settled()), account.dispose()]);
        await codex.dispose();
      });
    },
  };
}

/** Resolves when some work is done, or has taken this long; then it goes on by itself. */
async function atMost(clock: Clock, ms: number, work: () => Promise<void>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work(), delay(clock, ms, done.signal)]).finally(() => done.abort());
}

/**
 * When the page was loaded, or a moment earlier: ms since 1970. Minus infinity where the clock was set back since: then
 * times before and after that cannot be compared.
 */
function pageLoadedAt(): number {
  const { timeOrigin } = performance;
  const isSetBack = Date.now() - timeOrigin < performance.now() - 1_000;
  return isSetBack ? Number.NEGATIVE_INFINITY : timeOrigin - pageMs;
}

/** Where the Codex CLI may be, and what it is started with. */
function codexHost() {
  return {
    environment: process.env,
    userHome: homedir(),
    codexPath: () => settings.codexPath,
    workspaceFolders: () => (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath),
  };
}
