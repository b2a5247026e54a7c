import { environmentKey } from "../../account/environmentKey.ts";
import type { OwnKeyStore } from "../../account/ownKey.ts";
import type { AuthMode } from "../../shared/panelProtocol.ts";
import type { Notifications } from "../vscode/notifications.ts";

export interface EnvironmentKeyOfferDependencies {
  environment: Readonly<Record<string, string | undefined>>;
  ownKey: Pick<OwnKeyStore, "current">;
  authMode: () => AuthMode;
  /** Whether it has been offered before; outlives the window. */
  memory: { get(key: string): unknown; update(key: string, value: boolean): PromiseLike<void> };
  notifications: Pick<Notifications, "info">;
  adopt: () => void;
}

const offeredKey = "environmentKeyOffered";

/** Offers the key of the environment once, where a key is what is missing. The panel goes on offering it. */
export function offerEnvironmentKey(parts: EnvironmentKeyOfferDependencies): void {
  const { environment, ownKey, authMode, memory, notifications, adopt } = parts;
  const missing = authMode() === "apiKey" && !ownKey.current;
  if (!missing || environmentKey(environment) === undefined || memory.get(offeredKey) === true) return;
  void memory.update(offeredKey, true);
  notifications.info(
    "OPENAI_API_KEY is set in VS Code's environment. It is not used unless you store it here as your OpenAI API key.",
    { "Use This Key": adopt },
  );
}
