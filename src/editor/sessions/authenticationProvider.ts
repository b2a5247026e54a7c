import * as vscode from "vscode";
import { allowedWorkspacesIn, isAllowedWorkspace } from "../../account/allowedWorkspaces.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import type { KnownAccounts } from "./knownAccounts.ts";
import { identitySessions, isOwnKey, providerId, sessionAccounts, sessionOf, wantedBy } from "./sessionScopes.ts";
import type { Sessions, SessionsChange } from "./sessions.ts";

export interface ProviderDependencies {
  context: Pick<vscode.ExtensionContext, "subscriptions">;
  known: KnownAccounts;
  isLoaded: () => boolean;
  load: () => Promise<Sessions>;
  log: Logger;
}

/**
 * Registers the authentication provider, cheaply: VS Code asks for all accounts as soon as it is registered, and that is
 * answered without reading a secret. What returns a token is loaded when it is first asked for.
 * @returns tells VS Code of a change
 */
export function registerAuthenticationProvider(dependencies: ProviderDependencies): (change: SessionsChange) => void {
  const { context, known, isLoaded, load, log } = dependencies;
  const ask = async <T>(work: (sessions: Sessions) => Promise<T>): Promise<T> => {
    try {
      return await work(await load());
    } catch (error) {
      log.warn(`A request for sessions failed: ${describeError(error)}`);
      // As Chat gets it: a sentence of ours and no stack.
      const { chatError } = await import("../chat/chatErrors.ts");
      throw chatError(error, true);
    }
  };
  const changed = new vscode.EventEmitter<SessionsChange>();
  const provider: vscode.AuthenticationProvider = {
    onDidChangeSessions: changed.event,
    async getSessions(scopes, options) {
      const wanted = wantedBy(scopes);
      if (!wanted) return [];
      if (wanted === "identity" && !isLoaded()) {
        const remembered = known.current;
        // Nobody has ever been signed in here.
        if (!remembered) return [];
        const configuration = vscode.workspace.getConfiguration("chatgptSignIn");
        const usesOwnKey = configuration.get("authMode") !== "chatgpt";
        const allowed = allowedWorkspacesIn(configuration.get("allowedWorkspaces"));
        const accounts = sessionAccounts(remembered, usesOwnKey).filter(
          ({ id, chatgptAccountId }) => isOwnKey(id) || isAllowedWorkspace(chatgptAccountId, allowed),
        );
        const sessions = scopes
          ? accounts.map((account) => sessionOf(account, "identity", ""))
          : identitySessions(remembered, usesOwnKey);
        return sessions.filter(({ account }) => !options?.account || options.account.id === account.id);
      }
      return ask((sessions) => sessions.get(scopes, options?.account?.id));
    },
    createSession: (scopes, options) => ask((sessions) => sessions.create(scopes, options?.account?.id)),
    removeSession: (id) => ask((sessions) => sessions.remove(id)),
  };
  context.subscriptions.push(
    changed,
    vscode.authentication.registerAuthenticationProvider(providerId, "ChatGPT", provider, {
      supportsMultipleAccounts: true,
    }),
  );
  return (change) => changed.fire(change);
}
