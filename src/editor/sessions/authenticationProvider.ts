import * as vscode from "vscode";
import type { KnownAccounts } from "./knownAccounts.ts";
import { identitySessions, providerId, wantedBy } from "./sessionScopes.ts";
import type { Sessions, SessionsChange } from "./sessions.ts";

/**
 * Registers the authentication provider, cheaply: VS Code asks for all accounts as soon as it is registered, and that is
 * answered without reading a secret; what hands out a token is loaded when it is asked for.
 * Returns how VS Code is told of a change.
 */
export function registerAuthenticationProvider(
  context: vscode.ExtensionContext,
  known: KnownAccounts,
  loaded: () => boolean,
  load: () => Promise<Sessions>,
): (change: SessionsChange) => void {
  const changed = new vscode.EventEmitter<SessionsChange>();
  const provider: vscode.AuthenticationProvider = {
    onDidChangeSessions: changed.event,
    async getSessions(scopes, options) {
      const wanted = wantedBy(scopes);
      if (!wanted) return [];
      if (wanted === "identity" && !loaded()) {
        const remembered = known.current;
        // Nobody has ever been signed in here.
        if (!remembered) return [];
        const usesOwnKey = vscode.workspace.getConfiguration("chatgptSignIn").get("authMode") !== "chatgpt";
        const sessions = identitySessions(remembered, usesOwnKey);
        return sessions.filter(({ account }) => !options?.account || options.account.id === account.id);
      }
      return (await load()).get(scopes, options?.account?.id);
    },
    createSession: async (scopes, options) => (await load()).create(scopes, options?.account?.id),
    removeSession: async (id) => (await load()).remove(id),
  };
  context.subscriptions.push(
    changed,
    vscode.authentication.registerAuthenticationProvider(providerId, "ChatGPT", provider, {
      supportsMultipleAccounts: true,
    }),
  );
  return (change) => changed.fire(change);
}
