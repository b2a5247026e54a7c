import * as l10n from "@vscode/l10n";
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
export function offerEnvironmentKey(dependencies: EnvironmentKeyOfferDependencies): void {
  const { environment, ownKey, authMode, memory, notifications, adopt } = dependencies;
  const missing = authMode() === "apiKey" && !ownKey.current;
  if (!missing || environmentKey(environment) === undefined || memory.get(offeredKey) === true) return;
  void memory.update(offeredKey, true);
  notifications.info(l10n.t("Found an OpenAI API key in OPENAI_API_KEY. It isn't used unless you save it here."), {
    [l10n.t("Use This Key")]: adopt,
  });
}
