import * as vscode from "vscode";
import { maskKey } from "../../account/credential.ts";
import { ownKeyBinding } from "../../account/endpoints.ts";
import type { OwnKeyStore } from "../../account/ownKey.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/logger.ts";
import type { ExtensionView } from "../../shared/panelProtocol.ts";
import type { KnownAccounts } from "../sessions/knownAccounts.ts";
import { settings } from "../vscode/settings.ts";
import { type AnswerMemory, type Consumer, type Listed, nameOf } from "./answers.ts";
import { isExtension } from "./askers.ts";
import { Consumers } from "./consumers.ts";
import { askForConsumer, tellOfSetting } from "./dialog.ts";
import { consumerName, extensionName } from "./extensionName.ts";

export interface ConsumerModuleDependencies {
  /** Nothing that stands in for what is stored: what another window takes back must be seen here. */
  memory: AnswerMemory;
  /** Has what the accounts are called. */
  known: KnownAccounts;
  ownKey: OwnKeyStore;
  clock: Clock;
  log: Logger;
}

/** The extensions that use models, and the person's answers about them. */
export interface ConsumerServices extends Pick<Consumers, "assertAllowed" | "request" | "onDidChange"> {
  /** What the panel lists. */
  views(): ExtensionView[];
  /** Takes an answer back. @param row the id of a row that the panel lists */
  forget(row: string): void;
  /** Refuses what a setting allows. @param row the id of a row that the panel lists */
  block(row: string): void;
  dispose(): void;
}

export function createConsumers(dependencies: ConsumerModuleDependencies): ConsumerServices {
  const { memory, known, ownKey, clock, log } = dependencies;
  const labelOf = ({ pays, payer }: Consumer): string | undefined => {
    if (pays !== "ownKey") return known.labelOf(payer);
    const key = ownKey.current?.key;
    return key !== undefined && ownKeyBinding(key).name === payer ? maskKey(key) : undefined;
  };
  const consumers = new Consumers({
    ...{ memory, clock, log },
    ask: (consumer, bySetting) => (bySetting ? tellOfSetting(consumer) : askForConsumer(consumer, labelOf(consumer))),
    allowedBySetting: () => settings.allowedExtensions,
  });
  const listed = (row: string) => consumers.list().find((consumer) => nameOf(consumer) === row);
  // Listing writes again what another window has overwritten: before the person goes to that one, at the latest.
  const subscription = vscode.window.onDidChangeWindowState(() => void consumers.list());
  return {
    request: (consumer, signal) => consumers.request(consumer, signal),
    assertAllowed: (consumer) => consumers.assertAllowed(consumer),
    onDidChange: (listener) => consumers.onDidChange(listener),
    views() {
      const list = consumers.list();
      const unused = [...new Set(settings.allowedExtensions)].filter(
        (id) => !list.some(({ extension }) => extension === id),
      );
      const answerOf = (consumer: Listed): ExtensionView["answer"] => {
        if (consumer.answer !== "setting" || consumers.isAllowedBySetting(consumer)) return consumer.answer;
        return settings.allowedExtensions.includes(consumer.extension) ? "settingRefused" : "wasSetting";
      };
      return [
        ...list.map((consumer) => viewOf(consumer, labelOf(consumer), answerOf(consumer))),
        ...unused.map((id): ExtensionView => ({ id, name: extensionName(id), extension: id, answer: "setting" })),
      ];
    },
    forget(row) {
      const consumer = listed(row);
      if (consumer) consumers.forget(consumer);
    },
    block(row) {
      const consumer = listed(row);
      if (consumer) consumers.block(consumer);
    },
    dispose: () => subscription.dispose(),
  };
}

function viewOf(consumer: Consumer, label: string | undefined, answer: ExtensionView["answer"]): ExtensionView {
  const { extension, pays } = consumer;
  return {
    id: nameOf(consumer),
    name: consumerName(extension),
    ...(isExtension(extension) && { extension }),
    answer,
    pays: { kind: pays, ...(label !== undefined && { label }) },
  };
}
