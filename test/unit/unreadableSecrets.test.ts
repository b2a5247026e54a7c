import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { Problem, sentenceFor } from "../../src/shared/problem.ts";

type Command = () => Promise<unknown>;

const commands = new Map<string, Command>();
const errors: string[] = [];

/** As much of VS Code as is touched before the services stand; whatever else is asked for answers with itself. */
const anything: unknown = new Proxy(class {}, {
  get: (_, name) => (name === "then" || typeof name === "symbol" ? undefined : anything),
  apply: () => anything,
  construct: () => anything as object,
});
const configured: { authMode?: string; [name: string]: unknown } = {};
const vscode: Record<string, unknown> = {
  commands: {
    registerCommand(name: string, command: Command) {
      commands.set(name, command);
      return { dispose() {} };
    },
    executeCommand: async () => {},
  },
  window: new Proxy({} as Record<string, unknown>, {
    get: (_, name) => {
      if (name === "createStatusBarItem") return () => ({ show() {}, dispose() {} });
      return name === "showErrorMessage" ? async (text: string) => void errors.push(text) : anything;
    },
  }),
  workspace: {
    getConfiguration: () => ({ get: (name: string) => configured[name] }),
    onDidChangeConfiguration: () => ({ dispose() {} }),
  },
  env: {},
  l10n: {},
  EventEmitter: class {
    event = () => ({ dispose() {} });
    fire() {}
    dispose() {}
  },
};

const names = ["authentication", "lm", "ConfigurationTarget", "ExtensionKind", "MarkdownString", "ProgressLocation"];
const more = ["QuickPickItemKind", "StatusBarAlignment", "ThemeColor", "ThemeIcon", "UIKind", "Uri", "ViewColumn"];
const exported = [...Object.keys(vscode), ...names, ...more, "QuickInputButtons", "LanguageModelTextPart"];
const source = exported
  .map((name) => `export const ${name} = globalThis.vscodeStub(${JSON.stringify(name)});`)
  .join("");

const src = new URL("../../src/", import.meta.url).href;

describe("A window whose secrets cannot be read", () => {
  let extension: typeof import("../../src/extension.ts");
  let hooks: { deregister(): void };
  const listeners: ((change: { key: string }) => void)[] = [];
  let reads = 0;
  let broken = (_key: string) => true;
  const remembered = new Set<string>();
  const rejections: unknown[] = [];
  const note = (error: unknown) => rejections.push(error);

  before(async () => {
    Object.assign(globalThis, { vscodeStub: (name: string) => vscode[name] ?? anything });
    // A copy of the extension's modules for this file alone: others have been loaded over another stub.
    hooks = registerHooks({
      resolve(specifier, context, next) {
        if (specifier === "vscode")
          return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true };
        const resolved = next(specifier, context);
        const isOurs = resolved.url.startsWith(src) && !resolved.url.includes("?");
        return isOurs ? { ...resolved, url: `${resolved.url}?unreadableSecrets` } : resolved;
      },
    });
    extension = await import("../../src/extension.ts");
    process.on("unhandledRejection", note);
    extension.activate({
      subscriptions: [],
      globalState: { get: () => undefined, update: async (key: string) => void remembered.add(key) },
      globalStorageUri: { fsPath: "/nowhere" },
      extension: { packageJSON: { version: "0.0.0" } },
      secrets: {
        async get(key: string) {
          reads += 1;
          if (broken(key)) throw new Error("the keyring is locked");
        },
        onDidChange(listener: (change: { key: string }) => void) {
          listeners.push(listener);
          return { dispose: () => void listeners.splice(listeners.indexOf(listener), 1) };
        },
      },
    } as unknown as Parameters<typeof extension.activate>[0]);
  });
  after(() => {
    process.off("unhandledRejection", note);
    hooks.deregister();
    Reflect.deleteProperty(globalThis, "vscodeStub");
  });

  it("reads none at activation", () => assert.equal(reads, 0));

  it("answers each command with one sentence that says what to do, and reads again for each", async () => {
    const sentence = sentenceFor(new Problem("keyringFailed"));
    for (const name of ["signIn", "signOut", "openSettings"]) {
      const before = reads;
      errors.length = 0;
      assert.equal(await commands.get(`chatgptSignIn.${name}`)?.(), undefined);
      assert.deepEqual(errors, [sentence]);
      assert.ok(reads > before, "a failure is not kept");
    }
  });

  it("is left unchanged by commands that fail", async () => {
    const before = listeners.length;
    for (let times = 0; times < 3; times += 1) await commands.get("chatgptSignIn.signIn")?.();
    assert.equal(listeners.length, before, "nobody listens any more");
  });

  it("works without the person's own key where only that cannot be read, and no request uses it", async () => {
    broken = (key) => key === "ownKey";
    for (const [authMode, told] of [
      ["apiKey", [sentenceFor(new Problem("keyringFailed"))]],
      ["chatgpt", []],
    ] as const) {
      configured.authMode = authMode;
      errors.length = 0;
      await commands.get("chatgptSignIn.openDevicePage")?.();
      assert.deepEqual(errors, told);
    }
    assert.ok(!remembered.has("ownKey"), "whether there is one is not known");
  });

  it("survives a change of the secrets, and its end", async () => {
    for (const tell of listeners) tell({ key: "accounts" });
    await extension.deactivate();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(rejections, []);
  });
});
