import * as l10n from "@vscode/l10n";
import type { Accounts } from "../../account/accounts.ts";
import type { EndpointPermissions } from "../../account/endpointPermissions.ts";
import type { Credentials } from "../../openai/backend.ts";
import type { OpenAi } from "../../openai/module.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/logger.ts";
import { remember } from "../../platform/remember.ts";
import type { RunAction } from "../actions.ts";
import type { Memento } from "../sessions/knownAccounts.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";
import { allowChatWithoutGitHub } from "./allowChatWithoutGitHub.ts";
import { ChatFailures } from "./chatFailures.ts";
import type { ChatModelProvider, ModelConsent } from "./chatModelProvider.ts";
import { type NoticeMemory, UsageView } from "./usageView.ts";

export interface ChatDependencies {
  readonly openai: OpenAi;
  readonly accounts: Pick<Accounts, "state" | "onDidChange">;
  readonly credentials: Credentials;
  readonly endpoints: Pick<EndpointPermissions, "assertAllowed" | "request">;
  readonly consumers: ModelConsent;
  readonly notifications: Notifications;
  /** Remembers the notices given over restarts. */
  readonly memory: Memento;
  readonly run: RunAction;
  isPanelVisible(): boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Chat {
  readonly usage: UsageView;
  /** Loads the provider of models when it is first asked for: it is a third of the extension's code. */
  models(): Promise<ChatModelProvider>;
  allowWithoutGitHub(): Promise<void>;
  dispose(): void;
}

const noticesKey = "usageNotices";

/** The account's models in VS Code's Chat, and what is known of the plan's use. */
export function createChat(dependencies: ChatDependencies): Chat {
  const { openai, accounts, credentials, endpoints, consumers, run, notifications, memory, clock, log } = dependencies;
  const notices: NoticeMemory = {
    get: () => memory.get(noticesKey) as ReturnType<NoticeMemory["get"]>,
    set: (given) => memory.update(noticesKey, given),
  };
  const usage = new UsageView({
    accounts,
    meter: openai.usage,
    backend: () => openai.backend("chatgpt"),
    notices,
    warn: (sentence) => notifications.warning(sentence, { [l10n.t("Show Usage")]: () => void run("openSettings") }),
    isWatched: () => dependencies.isPanelVisible(),
    clock,
    log,
  });
  const failures = new ChatFailures({
    clock,
    isToldElsewhere: () => accounts.state.active?.rejected !== undefined,
    warn: (sentence, actions) => notifications.warning(sentence, actions),
    signIn: () => void run("signIn"),
    setApiKey: () => void run("setApiKey"),
    openSettings: () => void run("openSettings"),
    switchAccount: () => void run("switchAccount"),
    editSettings: () => void run("openEndpointSettings"),
    reviewEndpoints: () => void run("reviewEndpoints"),
  });
  const provider = remember(async () => {
    const [{ ChatModelProvider }, { createChatHost }, requests] = await Promise.all([
      import("./chatModelProvider.ts"),
      import("./chatHost.ts"),
      openai.requests(),
    ]);
    return new ChatModelProvider(
      {
        ...{ openai, requests, credentials, endpoints, consumers, settings, log },
        onFailure: (problem) => failures.note(problem),
      },
      createChatHost(),
    );
  });
  const subscription = accounts.onDidChange((state) => openai.keepOnly(state.accounts.map(({ id }) => id)));
  return {
    usage,
    models: () => provider.get(),
    allowWithoutGitHub: () => allowChatWithoutGitHub(notifications, clock, log),
    dispose() {
      subscription.dispose();
      usage.dispose();
    },
  };
}
