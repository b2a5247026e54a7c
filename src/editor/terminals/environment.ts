import * as l10n from "@vscode/l10n";
import type * as vscode from "vscode";
import type { Disposable } from "../../platform/disposables.ts";

/** The variable that the OpenAI SDKs and tools read the API key from. */
const variable = "OPENAI_API_KEY";

export type EnvironmentCollection = Pick<
  vscode.EnvironmentVariableCollection,
  "persistent" | "description" | "replace" | "clear"
>;

export interface TerminalEnvironmentDependencies {
  /** Not touched before the setting is on. */
  collection: () => EnvironmentCollection;
  enabled: () => boolean;
  /** The API key of the auth mode, if there is one. */
  apiKey: () => string | undefined;
  /** Everything that can change one of those. */
  changes: readonly ((listener: () => void) => Disposable)[];
}

/**
 * Gives the API key to the integrated terminals while the person wants that: those opened from now on have it, and VS Code
 * offers to relaunch the others.
 */
export function followTerminalEnvironment(dependencies: TerminalEnvironmentDependencies): Disposable {
  let collection: EnvironmentCollection | undefined;
  let given: string | undefined;
  const give = (key: string | undefined) => {
    if (key === given) return;
    given = key;
    collection ??= prepared(dependencies.collection());
    if (key === undefined) collection.clear();
    else collection.replace(variable, key, { applyAtProcessCreation: true });
  };
  const follow = () => give(dependencies.enabled() ? dependencies.apiKey() : undefined);
  follow();
  const subscriptions = dependencies.changes.map((change) => change(follow));
  return {
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
      give(undefined);
    },
  };
}

/** A collection that was never written to disk: VS Code would keep the key there in clear text. */
function prepared(collection: EnvironmentCollection): EnvironmentCollection {
  collection.persistent = false;
  collection.description = l10n.t(
    "Sets `OPENAI_API_KEY` to the API key that requests use. To stop this, turn off `chatgptSignIn.terminalEnvironment`.",
  );
  return collection;
}
