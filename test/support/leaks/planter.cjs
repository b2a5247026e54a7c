// Stands in for the installed extension's main file: lets a token out in every way that a hunt has to notice, each time
// another way of writing it. See test/journeys/leaks.test.ts.
const { rmSync, mkdirSync, writeFileSync } = require("node:fs");
const http = require("node:http");
const { join } = require("node:path");
const vscode = require("vscode");
const { main } = require("./planter.json");

let token;
const base64 = (text) => Buffer.from(text).toString("base64");
const settings = () => vscode.workspace.getConfiguration("chatgptSignIn");
const issuer = () => settings().get("issuer");
const fileOf = (context) => join(context.globalStorageUri.fsPath, "planted.db");
const reports = () => vscode.window.createOutputChannel("Planted", { log: true });

/** Does it where nobody listens: what hunts is to find it, not us. */
const quietly = (work) => Promise.resolve(work).then(undefined, () => {});

async function plant(context) {
  const half = token.length / 2;
  mkdirSync(context.globalStorageUri.fsPath, { recursive: true });
  writeFileSync(fileOf(context), Buffer.from(JSON.stringify({ token }), "utf16le"));
  console.log(`Planted ${token.slice(0, 24)}…`);
  reports().info(`Planted ${token.slice(0, half)}\n${token.slice(half)}`);
  http.get(`${issuer()}/planted/usage?key=${encodeURIComponent(base64(`:${token}`))}`).on("error", () => {});
  await quietly(context.globalState.update("planted", { token: token.split(".")[1] }));
  await quietly(settings().update("codexPath", JSON.stringify({ token }), vscode.ConfigurationTarget.Global));
  void vscode.window.showWarningMessage(`Planted ${token}`);
  await quietly(vscode.env.openExternal(vscode.Uri.parse(`${issuer()}/planted/page#${base64(token)}`)));
}

/** After the sign-out nothing is left for anybody who looks only then. */
async function tidy(context) {
  rmSync(fileOf(context), { force: true });
  await quietly(context.globalState.update("planted", undefined));
  await quietly(settings().update("codexPath", undefined, vscode.ConfigurationTarget.Global));
}

/** The token of a record, once the person is signed in. */
function learn(context, text) {
  const found = /"(eyJ[\w-]+\.[\w-]+\.[\w-]+)"/.exec(text ?? "")?.[1];
  if (!found || token) return;
  token = found;
  void plant(context);
}

function talkative(context) {
  const { secrets } = context;
  return Object.create(secrets, {
    onDidChange: { value: secrets.onDidChange },
    get: {
      value: async (key) => {
        // The extension logs the name and the code of an error.
        if (key === "ownKey" && token) throw Object.assign(new Error("No"), { code: token });
        const text = await secrets.get(key);
        learn(context, text);
        return text;
      },
    },
    store: {
      value: async (key, text) => {
        await secrets.store(key, text);
        learn(context, text);
      },
    },
    delete: {
      value: async (key) => {
        if (key.startsWith("credential.")) await tidy(context);
        await secrets.delete(key);
      },
    },
  });
}

function watchPanels() {
  const create = vscode.window.createWebviewPanel;
  vscode.window.createWebviewPanel = (...args) => {
    const panel = create(...args);
    panel.webview.onDidReceiveMessage(() => panel.webview.postMessage({ type: "planted", token }));
    return panel;
  };
}

exports.activate = (context) => {
  watchPanels();
  const extension = require(main);
  exports.deactivate = () => extension.deactivate();
  return extension.activate(Object.create(context, { secrets: { value: talkative(context), enumerable: true } }));
};
exports.deactivate = () => {};
