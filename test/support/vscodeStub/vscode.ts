// The module `vscode` for plain Node: only what the product uses. `stub.ts` has what tests see and control.
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as events from "./events.ts";
import { type MessageArguments, showMessage } from "./messages.ts";
import { InputBox, Panel, type Progress, scripted, settingOf, state } from "./stub.ts";

export const { Disposable, EventEmitter } = events;
export const extensions = { getExtension: (id: string) => state.extensions.get(id) };

export const ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 } as const;
export const ProgressLocation = { SourceControl: 1, Window: 10, Notification: 15 } as const;
export const ViewColumn = { Active: -1, Beside: -2, One: 1 } as const;
export const UIKind = { Desktop: 1, Web: 2 } as const;
export const FileType = { Unknown: 0, File: 1, Directory: 2, SymbolicLink: 64 } as const;
export const StatusBarAlignment = { Left: 1, Right: 2 } as const;
export const ExtensionKind = { UI: 1, Workspace: 2 } as const;
export const version = "1.104.0";

export class ThemeIcon {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}
export class Range {
  readonly start: number;
  readonly end: number;
  /** Offsets, as the documents of tests have positions. */
  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }
}
export class ThemeColor extends ThemeIcon {}
export class CancellationError extends Error {}

/** As VS Code's: other extensions look at the code. */
export class LanguageModelError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
  static Blocked = (message: string) => new LanguageModelError(message, "Blocked");
  static NotFound = (message: string) => new LanguageModelError(message, "NotFound");
  static NoPermissions = (message: string) => new LanguageModelError(message, "NoPermissions");
}

/** Keeps an address unchanged; how VS Code parses it is tested in VS Code. */
export class Uri {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  static parse(text: string): Uri {
    return new Uri(text);
  }

  static file(path: string): Uri {
    return new Uri(pathToFileURL(path).href);
  }

  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri([base.toString(), ...parts].join("/"));
  }

  get scheme(): string {
    return new URL(this.#text).protocol.slice(0, -1);
  }

  get fsPath(): string {
    return this.scheme === "file" ? fileURLToPath(this.#text) : this.path;
  }

  get path(): string {
    return new URL(this.#text).pathname;
  }

  toString(): string {
    return this.#text;
  }
}

interface InputBoxOptions {
  title?: string;
  prompt?: string;
  placeHolder?: string;
  password?: boolean;
  validateInput?: (value: string) => unknown;
}

function showInputBox(options: InputBoxOptions = {}): Promise<string | undefined> {
  const { title = "", prompt = "", placeHolder = "", password = false, validateInput } = options;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const validate = async (value: string) => {
    const answer = await validateInput?.(value);
    if (typeof answer !== "string") return undefined;
    state.shown.push(answer);
    return answer;
  };
  const enter = async (value: string | undefined) => {
    if (value !== undefined) assert.equal(await validate(value), undefined, "the box takes the value");
    resolve(value);
  };
  state.questions.push({ title, prompt, password, validate, enter });
  state.shown.push([title, prompt, placeHolder].join("\n"));
  const script = scripted(title);
  if (script) void enter(script.answer);
  return promise;
}

interface Item {
  label: string;
  description?: string;
  detail?: string;
}

async function showQuickPick(given: readonly Item[] | Promise<readonly Item[]>, options: { title?: string } = {}) {
  const items = await given;
  const labels = items.map(({ label }) => label);
  const title = options.title ?? "";
  const { promise, resolve } = Promise.withResolvers<Item | undefined>();
  const choose = (label: string | undefined) => {
    assert.ok(label === undefined || labels.includes(label), `“${title}” has no item “${label}”: ${labels}`);
    resolve(label === undefined ? undefined : items[labels.indexOf(label)]);
  };
  state.picks.push({ title, labels, choose });
  state.shown.push([title, ...items.map((item) => Object.values(item).join("\n"))].join("\n"));
  const script = scripted(title);
  if (script) choose(script.answer);
  return promise;
}

interface OpenDialogOptions {
  title?: string;
  defaultUri?: Uri;
}

function showOpenDialog({ title = "", defaultUri }: OpenDialogOptions = {}): Promise<Uri[] | undefined> {
  const { promise, resolve } = Promise.withResolvers<Uri[] | undefined>();
  const choose = (path: string | undefined) =>
    resolve(path === undefined ? undefined : [path.includes("://") ? Uri.parse(path) : Uri.file(path)]);
  state.dialogs.push({ title, folder: defaultUri?.fsPath, choose });
  const script = scripted(title);
  if (script) choose(script.answer);
  return promise;
}

interface ProgressOptions {
  title?: string;
  location?: number;
  cancellable?: boolean;
}
interface CancellationToken {
  readonly isCancellationRequested: boolean;
  readonly onCancellationRequested: events.EventEmitter<void>["event"];
}

async function withProgress<T>(
  { title = "", location = 0, cancellable = false }: ProgressOptions,
  work: (progress: { report(value: { message?: string }): void }, token: CancellationToken) => PromiseLike<T>,
): Promise<T> {
  const cancelled = new EventEmitter<void>();
  let isCancelled = false;
  const shown: Progress = {
    ...{ title, location, cancellable, reports: [], done: false },
    cancel() {
      assert.ok(cancellable, `“${title}” can be cancelled`);
      isCancelled = true;
      cancelled.fire();
    },
  };
  state.progresses.push(shown);
  state.shown.push(title);
  const report = ({ message }: { message?: string }) => {
    if (message === undefined) return;
    shown.reports.push(message);
    state.shown.push(message);
  };
  const token = {
    get isCancellationRequested() {
      return isCancelled;
    },
    onCancellationRequested: cancelled.event,
  };
  try {
    return await work({ report }, token);
  } finally {
    shown.done = true;
  }
}

export const lm = {
  registerLanguageModelChatProvider: (vendor: string, provider: unknown) =>
    events.register(state.chatProviders, vendor, provider),
};

export const authentication = {
  registerAuthenticationProvider: (id: string, _label: string, provider: unknown) =>
    events.register(state.authenticationProviders, id, provider),
};

export const window = {
  state: { focused: true, active: true },
  showInformationMessage: (text: string, ...rest: MessageArguments) => showMessage("information", text, rest),
  showWarningMessage: (text: string, ...rest: MessageArguments) => showMessage("warning", text, rest),
  showErrorMessage: (text: string, ...rest: MessageArguments) => showMessage("error", text, rest),
  showInputBox,
  showQuickPick,
  showOpenDialog,
  withProgress,
  createInputBox() {
    const box = new InputBox();
    state.boxes.push(box);
    return box;
  },
  createWebviewPanel(viewType: string, title: string, _column: unknown, options: unknown) {
    const panel = new Panel(viewType, title, options);
    state.panels.push(panel);
    return panel;
  },
  setStatusBarMessage(text: string) {
    state.statusMessages.push(text);
    state.shown.push(text);
    return { dispose() {} };
  },
  onDidChangeWindowState: (listener: (value: { focused: boolean; active: boolean }) => unknown) =>
    state.windowStateChanged.event(listener),
};

/** The display language is English, of which VS Code has no bundle. */
export const l10n = { bundle: undefined };

export const env = {
  language: "en",
  get uiKind() {
    return state.web ? UIKind.Web : UIKind.Desktop;
  },
  async openExternal(uri: Uri): Promise<boolean> {
    state.opened.push(uri.toString());
    if (state.opening instanceof Error) throw state.opening;
    return state.opening;
  },
  clipboard: {
    async readText() {
      state.clipboardReads += 1;
      return state.clipboard;
    },
    async writeText(text: string) {
      state.clipboard = text;
    },
  },
};

export const commands = {
  async executeCommand(name: string, ...args: unknown[]): Promise<unknown> {
    state.commands.push({ name, args });
    return undefined;
  },
};

export const workspace = {
  workspaceFolders: undefined,
  getConfiguration: (section: string) => ({
    get: (name: string) => state.workspaceSettings.get(`${section}.${name}`) ?? settingOf(`${section}.${name}`),
    inspect: (name: string) => ({
      key: `${section}.${name}`,
      globalValue: state.settings.get(`${section}.${name}`),
      workspaceValue: state.workspaceSettings.get(`${section}.${name}`),
    }),
    async update(name: string, value: unknown, target: unknown) {
      await state.settingGate;
      if (state.settingFailure) throw state.settingFailure;
      state.written.push({ name: `${section}.${name}`, value, target });
      state.settings.set(`${section}.${name}`, value);
      state.configurationChanged.fire({ affectsConfiguration: (of) => `${section}.${name}`.startsWith(of) });
    },
  }),
  onDidSaveTextDocument: (listener: (document: unknown) => unknown) => state.documentSaved.event(listener),
  onDidChangeConfiguration: (listener: (event: { affectsConfiguration(section: string): boolean }) => unknown) =>
    state.configurationChanged.event(listener),
  fs: {
    async stat(uri: Uri) {
      const found = await stat(uri.fsPath);
      return { type: found.isFile() ? FileType.File : FileType.Directory, size: found.size, ctime: 0, mtime: 0 };
    },
    readFile: (uri: Uri) => readFile(uri.fsPath),
  },
};
