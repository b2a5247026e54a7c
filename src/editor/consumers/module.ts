import * as l10n from "@vscode/l10n";
import { maskKey } from "../../account/credential.ts";
import { ownKeyBinding } from "../../account/endpoints.ts";
import type { OwnKeyStore } from "../../account/ownKey.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/logger.ts";
import type { ExtensionView } from "../../shared/panelProtocol.ts";
import type { RunAction } from "../actions.ts";
import { unknownExtension } from "../chat/initiator.ts";
import type { KnownAccounts } from "../sessions/knownAccounts.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";
import { type AnswerMemory, type Consumer, nameOf } from "./answers.ts";
import { Consumers } from "./consumers.ts";
import { askForConsumer } from "./dialog.ts";
import { extensionName } from "./extensionName.ts";

export interface ConsumerModuleDependencies {
  memory: AnswerMemory;
  /** Has what the accounts are called. */
  known: KnownAccounts;
  ownKey: OwnKeyStore;
  notifications: Notifications;
  run: RunAction;
  clock: Clock;
  log: Logger;
}

/** The extensions that use models, and the person's answers about them. */
export interface ConsumerServices extends Pick<Consumers, "assertAllowed" | "request" | "onDidChange"> {
  /** What the panel lists. */
  views(): ExtensionView[];
  /** Takes an answer back. @param row the id of a row that the panel lists */
  forget(row: string): void;
}

export function createConsumers(dependencies: ConsumerModuleDependencies): ConsumerServices {
  const { memory, known, ownKey, notifications, run, clock, log } = dependencies;
  const labelOf = ({ pays, payer }: Consumer): string | undefined => {
    if (pays !== "ownKey") return known.labelOf(payer);
    const key = ownKey.current?.key;
    return key !== undefined && ownKeyBinding(key).name === payer ? maskKey(key) : undefined;
  };
  const consumers = new Consumers({
    ...{ memory, clock, log },
    ask: (consumer) => askForConsumer(consumer, labelOf(consumer)),
    allowedBySetting: () => settings.allowedExtensions,
    tell: ({ extension, pays }) =>
      notifications.info(
        pays === "plan"
          ? l10n.t("Your settings allow the extension {id} to use your ChatGPT plan.", { id: extension })
          : l10n.t("Your settings allow the extension {id} to use your OpenAI API key.", { id: extension }),
        { [l10n.t("Review…")]: () => void run("openSettings") },
      ),
  });
  return {
    request: (consumer, signal) => consumers.request(consumer, signal),
    assertAllowed: (consumer) => consumers.assertAllowed(consumer),
    onDidChange: (listener) => consumers.onDidChange(listener),
    views() {
      const bySetting = [...new Set(settings.allowedExtensions)];
      return [
        ...consumers.list().map((consumer): ExtensionView => {
          const { extension, answer, pays } = consumer;
          const label = labelOf(consumer);
          return {
            id: nameOf(consumer),
            ...(extension !== unknownExtension && { extension: { id: extension, name: extensionName(extension) } }),
            answer,
            pays: { kind: pays, ...(label !== undefined && { label }) },
          };
        }),
        ...bySetting.map(
          (id): ExtensionView => ({ id, extension: { id, name: extensionName(id) }, answer: "setting" }),
        ),
      ];
    },
    forget(row) {
      const consumer = consumers.list().find((one) => nameOf(one) === row);
      if (consumer) consumers.forget(consumer);
    },
  };
}
