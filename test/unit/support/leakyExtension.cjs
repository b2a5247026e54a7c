// An extension that leaks each of its secrets in another way, for recorder.test.ts. Its arguments are in leaky.json.
const { spawn } = require("node:child_process");
const http = require("node:http");
const { createLogger } = require("../../../src/platform/logger.ts");

exports.activate = async (context) => {
  const { secrets, origin } = context.extension;
  const { axios, fetched, logged, printed, written, kept, forgotten, local, told, argued } = secrets;
  await new Promise((resolve, reject) => {
    http.get(`${origin}/models?key=${axios}`, (response) => response.resume().on("end", resolve)).on("error", reject);
  });
  await (await fetch(`${origin}/usage?access_token=${fetched}`)).text();
  const sink = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  createLogger(() => sink).info(`Signed in with ${logged}`);
  console.warn("Signed in with %s", printed, { more: 1 });
  process.stderr.write(`Signed in with ${written}\n`);
  await context.globalState.update("lastUsed", { token: kept });
  await context.globalState.update("lastUsed", undefined);
  await context.globalState.update(forgotten, 1);
  await context.workspaceState.update("lastUsed", [local]);
  const panel = require("vscode").window.createWebviewPanel("settings", "Settings");
  await panel.webview.postMessage({ type: "state", token: told });
  await new Promise((resolve) => spawn(process.execPath, ["--version", argued]).on("exit", resolve));
  // What others have to see of it is unchanged.
  return { kept: context.globalState.get("kept"), keys: context.globalState.keys(), id: context.extension.id };
};
exports.deactivate = () => "deactivated";
