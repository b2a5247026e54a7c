// Activates the built extension where VS Code's display language is not English, and asks for its models while nobody is
// signed in: that loads a piece of it. Prints what is shown.
const Module = require("node:module");

const nothing = () => ({ dispose() {} });
let models;

class EventEmitter {
  event = nothing;
  fire() {}
  dispose() {}
}

const vscode = {
  EventEmitter,
  l10n: { t: (text) => (text === "Sign in with ChatGPT" ? "Mit ChatGPT anmelden" : text) },
  authentication: { registerAuthenticationProvider: nothing },
  commands: { registerCommand: nothing, executeCommand() {} },
  lm: {
    registerLanguageModelChatProvider(_vendor, provider) {
      models = provider;
      return nothing();
    },
  },
  window: {
    createStatusBarItem: () => ({ show() {}, hide() {}, dispose() {} }),
    showInformationMessage: async (...texts) => void process.stdout.write(JSON.stringify(texts)),
  },
  workspace: { getConfiguration: () => ({ get() {} }), onDidChangeConfiguration: nothing },
  StatusBarAlignment: {},
  ThemeColor: class {},
};

const load = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));

const { activate } = require("../../dist/extension.cjs");
activate({ globalState: { get() {}, async update() {} }, subscriptions: [], secrets: { onDidChange: nothing } });
models.provideLanguageModelChatInformation({ silent: false });
