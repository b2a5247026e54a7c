import type { Accounts } from "../../account/accounts.ts";
import type { EndpointPermissions } from "../../account/endpointPermissions.ts";
import { type Credentials, chatgptBackend } from "../../openai/backend.ts";
import { UsageMeter } from "../../openai/usageMeter.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/logger.ts";
import { remember } from "../../platform/remember.ts";
import type { Actions } from "../actions.ts";
import type { EndpointReview } from "../endpoints/review.ts";
import type { Memento } from "../sessions/knownAccounts.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";
import { ChatFailures } from "./chatFailures.ts";
import type { ChatModelProvider } from "./chatModelProvider.ts";
import { type NoticeMemory, UsageView } from "./usageView.ts";

export interface ChatModelsDependencies {
  accounts: Accounts;
  credentials: Credentials;
  endpoints: EndpointPermissions;
  review: EndpointReview;
  actions: Actions;
  notifications: Notifications;
  userAgent: string;
  /** Remembers the notices given over restarts. */
  memory: Memento;
  openPanel: () => void;
  isPanelVisible: () => boolean;
  clock: Clock;
  log: Logger;
}

export interface ChatModels {
  readonly usage: UsageView;
  /** The provider, loaded when it is first asked for: it is a third of the extension's code. */
  readonly models: () => Promise<ChatModelProvider>;
}

/** The way out to the account's models, and what is known of the plan's use. */
export function createChatModels(parts: ChatModelsDependencies): ChatModels {
  const { accounts, credentials, endpoints, review, actions, notifications, userAgent, clock, log, openPanel } = parts;
  const meter = new UsageMeter({ fetch, credentials, clock, log: (line) => log.warn(line) });
  const noticesKey = "usageNotices";
  const notices: NoticeMemory = {
    get: () => parts.memory.get(noticesKey) as ReturnType<NoticeMemory["get"]>,
    set: (given) => parts.memory.update(noticesKey, given),
  };
  const usage = new UsageView({
    accounts,
    meter,
    backend: () =>
      chatgptBackend(settings.endpoint("chatgptBaseUrl"), userAgent, ({ binding }, baseUrl) =>
        endpoints.assertAllowed(binding, baseUrl),
      ),
    notices,
    warn: (sentence) => notifications.warning(sentence, { "Show Usage": openPanel }),
    isWatched: parts.isPanelVisible,
    clock,
    log,
  });
  const failures = new ChatFailures({
    clock,
    isToldElsewhere: () => accounts.state.active?.rejected !== undefined,
    warn: (sentence, ways) => notifications.warning(sentence, ways),
    signIn: () => void actions.signIn(),
    setApiKey: () => void actions.setApiKey(),
    openSettings: openPanel,
    reviewEndpoints: () => void review.review(),
  });
  const provider = remember(async () => {
    const [{ ChatModelProvider }, { createChatHost }] = await Promise.all([
      import("./chatModelProvider.ts"),
      import("./chatHost.ts"),
    ]);
    const needs = {
      fetch,
      credentials,
      endpoints,
      userAgent,
      clock,
      log,
      settings: () => ({
        authMode: settings.authMode,
        chatBackend: settings.chatBackend,
        apiBaseUrl: settings.endpoint("apiBaseUrl"),
        chatgptBaseUrl: settings.endpoint("chatgptBaseUrl"),
      }),
      onFailure: (error: Parameters<ChatFailures["note"]>[0]) => failures.note(error),
      onUsage: (news: Parameters<UsageMeter["note"]>[0]) => meter.note(news),
    };
    return new ChatModelProvider(needs, createChatHost());
  });
  return {
    usage,
    models: () => provider.get(),
  };
}
