// What tests see and control of the `vscode` stub: everything that the product showed or did, and the person's answers.
import assert from "node:assert/strict";
import manifest from "../../../package.json" with { type: "json" };
import { EventEmitter } from "./events.ts";

export type MessageKind = "information" | "warning" | "error";

/** A notification or a modal question. A notification stays until it is answered, as VS Code's do. */
export interface Message {
  readonly kind: MessageKind;
  readonly text: string;
  readonly modal: boolean;
  readonly detail: string;
  readonly buttons: readonly string[];
  /** The button that Escape presses, if it is not one that VS Code adds. */
  readonly closing: string | undefined;
  /** Presses a button; undefined closes it. */
  choose(button: string | undefined): void;
}

/** An input box that `showInputBox` shows. */
export interface Question {
  readonly title: string;
  readonly prompt: string;
  readonly password: boolean;
  /** The validation message for a value; undefined when it is valid. */
  validate(value: string): Promise<string | undefined>;
  /** Enters a value, which has to be valid; undefined closes the box. */
  enter(value: string | undefined): Promise<void>;
}

/** A list that `showQuickPick` shows. */
export interface Pick {
  readonly title: string;
  readonly labels: readonly string[];
  choose(label: string | undefined): void;
}

/** A dialog that asks for a file. */
export interface FileDialog {
  readonly title: string;
  readonly folder: string | undefined;
  choose(path: string | undefined): void;
}

/** A progress notification. */
export interface Progress {
  readonly title: string;
  readonly location: number;
  readonly cancellable: boolean;
  readonly reports: string[];
  done: boolean;
  cancel(): void;
}

interface Script<T> {
  readonly match: RegExp;
  readonly answer: T;
}

function fresh() {
  return {
    messages: [] as Message[],
    /** Called as each message is shown. */
    onMessage: undefined as ((message: Message) => void) | undefined,
    questions: [] as Question[],
    picks: [] as Pick[],
    dialogs: [] as FileDialog[],
    progresses: [] as Progress[],
    boxes: [] as InputBox[],
    panels: [] as Panel[],
    statusMessages: [] as string[],
    /** The providers of models for Chat, by vendor. */
    chatProviders: new Map<string, unknown>(),
    /** The extensions that VS Code knows here, by id. */
    extensions: new Map<string, { packageJSON: unknown }>(),
    authenticationProviders: new Map<string, unknown>(),
    /** All texts that were shown, in order. */
    shown: [] as string[],
    opened: [] as string[],
    /** What `env.openExternal` answers; an Error is thrown. */
    opening: true as boolean | Error,
    clipboard: "",
    clipboardReads: 0,
    web: false,
    commands: [] as { name: string; args: readonly unknown[] }[],
    settings: new Map<string, unknown>(),
    /** Settings of the open folder, as if VS Code let them count. */
    workspaceSettings: new Map<string, unknown>(),
    /** What was written to settings, in order: name, value, target. */
    written: [] as { name: string; value: unknown; target: unknown }[],
    /** Settings cannot be written: this is thrown. */
    settingFailure: undefined as Error | undefined,
    /** What a setting waits for before it is written. */
    settingGate: undefined as Promise<void> | undefined,
    scripts: [] as Script<unknown>[],
    configurationChanged: new EventEmitter<{ affectsConfiguration(section: string): boolean }>(),
    documentSaved: new EventEmitter<unknown>(),
    windowStateChanged: new EventEmitter<{ focused: boolean; active: boolean }>(),
  };
}

/** The settings that the product has, with their defaults. */
const { properties } = manifest.contributes.configuration;
const defaults = new Map<string, unknown>(Object.entries(properties).map(([name, setting]) => [name, setting.default]));

export class InputBox {
  title: string | undefined;
  prompt: string | undefined;
  placeholder: string | undefined;
  value = "";
  ignoreFocusOut = false;
  password = false;
  visible = false;
  disposed = false;
  shows = 0;
  readonly #changed = new EventEmitter<string>();
  readonly #accepted = new EventEmitter<void>();
  readonly #hidden = new EventEmitter<{ reason: number }>();
  readonly onDidChangeValue = this.#changed.event;
  readonly onDidAccept = this.#accepted.event;
  readonly onDidHide = this.#hidden.event;
  #validationMessage: string | undefined;

  get validationMessage(): string | undefined {
    return this.#validationMessage;
  }

  set validationMessage(text: string | undefined) {
    this.#validationMessage = text;
    if (text !== undefined) state.shown.push(text);
  }

  show(): void {
    assert.ok(!this.disposed, "a disposed box is not shown again");
    this.visible = true;
    this.shows += 1;
    state.shown.push([this.title, this.prompt, this.placeholder].join("\n"));
  }

  hide(): void {
    if (!this.visible) return;
    this.visible = false;
    this.#hidden.fire({ reason: 1 });
  }

  dispose(): void {
    this.hide();
    this.disposed = true;
  }

  /** The person types. */
  type(value: string): void {
    this.value = value;
    this.#changed.fire(value);
  }

  /** The person presses Enter. */
  accept(): void {
    assert.ok(this.visible, "only a visible box is accepted");
    this.#accepted.fire();
    assert.deepEqual(this.#accepted.failures, []);
  }
}

/** A webview panel. */
export class Panel {
  readonly viewType: string;
  title: string;
  options: unknown;
  visible = true;
  active = true;
  disposed = false;
  reveals = 0;
  iconPath: unknown;
  readonly posted: unknown[] = [];
  readonly received = new EventEmitter<unknown>();
  readonly viewStateChanged = new EventEmitter<{ webviewPanel: Panel }>();
  readonly #disposed = new EventEmitter<void>();
  readonly onDidDispose = this.#disposed.event;
  readonly onDidChangeViewState = this.viewStateChanged.event;
  readonly webview;

  constructor(viewType: string, title: string, options: unknown) {
    this.viewType = viewType;
    this.title = title;
    this.options = options;
    this.webview = {
      html: "",
      options,
      cspSource: "https://webview.invalid",
      onDidReceiveMessage: this.received.event,
      asWebviewUri: (uri: unknown) => uri,
      postMessage: async (message: unknown) => {
        if (this.disposed) return false;
        this.posted.push(structuredClone(message));
        state.shown.push(JSON.stringify(message));
        return true;
      },
    };
  }

  reveal(): void {
    this.reveals += 1;
    this.setVisible(true);
  }

  setVisible(visible: boolean): void {
    if (this.visible === visible) return;
    this.visible = visible;
    this.active = visible;
    this.viewStateChanged.fire({ webviewPanel: this });
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.visible = false;
    this.#disposed.fire();
  }
}

/** All that happened since the last reset. */
export let state = fresh();

/** Forgets everything: to be called before each test. */
export function resetVscode(): void {
  state = fresh();
}

/** The next question whose text matches is answered at once: a button, a label, a value or a path; undefined closes it. */
export function willAnswer(match: RegExp, answer: string | undefined): void {
  state.scripts.push({ match, answer });
}

/** The scripted answer to a question, if there is one. */
export function scripted(text: string): { readonly answer: string | undefined } | undefined {
  const index = state.scripts.findIndex(({ match }) => match.test(text));
  if (index < 0) return undefined;
  const [script] = state.scripts.splice(index, 1);
  return { answer: script?.answer as string | undefined };
}

/** Changes a setting as a person does, with its event. */
export function changeSetting(name: string, value: unknown): void {
  state.settings.set(name, value);
  state.configurationChanged.fire({
    affectsConfiguration: (section) => name === section || name.startsWith(`${section}.`),
  });
}

export function settingOf(name: string): unknown {
  return state.settings.has(name) ? state.settings.get(name) : defaults.get(name);
}

/** The only message whose text matches; fails when there is none, or more than one. */
export function theMessage(match: RegExp): Message {
  const [message, ...more] = state.messages.filter(({ text }) => match.test(text));
  const all = state.messages.map(({ text }) => text).join("\n");
  assert.ok(message && more.length === 0, `one message matches ${match}, among:\n${all}`);
  return message;
}

/** The sentences that were shown, in order. */
export function sentences(): string[] {
  return state.messages.map(({ text }) => text);
}

/** The sentences of notifications, without modal questions. */
export function notified(): string[] {
  return state.messages.filter(({ modal }) => !modal).map(({ text }) => text);
}

/** Fails when something that was shown contains one of these. */
export function assertNeverShown(...secrets: readonly string[]): void {
  const places = [...state.shown, ...state.opened, JSON.stringify(state.commands), JSON.stringify(state.written)];
  for (const secret of secrets) {
    assert.ok(secret.length > 5, "a secret to look for");
    for (const text of places) assert.ok(!text.includes(secret), `a secret was shown: ${text.replace(secret, "…")}`);
  }
}

/** Lets everything that is ready run, for as many turns of the event loop as chains of promises need. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until `holds` is true, checking after each turn of the event loop; mocha's time limit ends it. */
export async function until<T>(look: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
