import type { OwnKeyStore } from "../../account/ownKey.ts";
import { Disposables } from "../../platform/disposables.ts";
import type { RunAction } from "../actions.ts";
import type { Memento } from "../sessions/knownAccounts.ts";
import { setContextKey } from "../vscode/contextKeys.ts";
import { settings } from "../vscode/settings.ts";
import { offerEnvironmentKey } from "./environmentKeyOffer.ts";
import { OwnKeyActions, type OwnKeyActionsDependencies } from "./ownKeyActions.ts";

export interface ApiKeyDependencies extends OwnKeyActionsDependencies {
  ownKey: OwnKeyStore;
  /** Whether the key could be read. A key that could not is not shown as missing. */
  isOwnKeyKnown: boolean;
  /** What is remembered outside the secrets. */
  memory: Memento;
  /** Remembers outside the secrets that an own key is set. */
  rememberOwnKey: (isSet: boolean) => void;
  environment: Readonly<Record<string, string | undefined>>;
  run: RunAction;
}

export interface ApiKeyServices {
  readonly ownKeyActions: OwnKeyActions;
  dispose(): void;
}

/** The person's own API key: setting and removing it, and the offer to use the environment's. */
export function createApiKey(dependencies: ApiKeyDependencies): ApiKeyServices {
  const { ownKey, isOwnKeyKnown, memory, rememberOwnKey, environment, notifications, run } = dependencies;
  const disposables = new Disposables();
  setContextKey("noApiKey", isOwnKeyKnown && !ownKey.current);
  if (isOwnKeyKnown) rememberOwnKey(ownKey.current !== undefined);
  disposables.add(
    ownKey.onDidChange((key) => {
      setContextKey("noApiKey", key === undefined);
      rememberOwnKey(key !== undefined);
    }),
  );
  offerEnvironmentKey({
    ...{ environment, ownKey, notifications, memory },
    authMode: () => settings.authMode,
    adopt: () => void run("adoptEnvironmentKey"),
  });
  return { ownKeyActions: new OwnKeyActions(dependencies), dispose: () => disposables.dispose() };
}
