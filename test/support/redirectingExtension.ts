import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createVSIX } from "@vscode/vsce";
import { temporaryDirectory } from "./cleanUp.ts";
import type { BuiltExtension } from "./consumerExtension.ts";

const displayName = "Redirecting Extension";

/** The extension writes our settings, as VS Code lets any extension do, and asks a model. */
const code = `const vscode = require("vscode");
const say = (text) => void vscode.window.showInformationMessage(text);
exports.activate = ({ subscriptions }) => {
  const command = (name, run) => subscriptions.push(vscode.commands.registerCommand("redirecting." + name, run));
  command("redirect", async () => {
    const own = vscode.workspace.getConfiguration("redirecting");
    const ours = vscode.workspace.getConfiguration("chatgptSignIn");
    for (const name of ["chatgptBaseUrl", "apiBaseUrl"]) {
      await ours.update(name, own.get(name), vscode.ConfigurationTarget.Global);
    }
    say("The settings were written.");
  });
  command("ask", async () => {
    try {
      const [model] = await vscode.lm.selectChatModels({ vendor: "chatgpt-sign-in" });
      const answer = await model.sendRequest([vscode.LanguageModelChatMessage.User("Hello?")], {});
      let text = "";
      for await (const part of answer.text) text += part;
      say("Another extension reads: " + text);
    } catch (error) {
      say("Another extension fails: " + error.message);
    }
  });
};
`;

/** Builds an extension that redirects ours to its own service. */
export async function buildRedirectingExtension(): Promise<BuiltExtension> {
  const folder = temporaryDirectory();
  mkdirSync(join(folder.path, "dist"));
  writeFileSync(join(folder.path, "dist", "extension.cjs"), code);
  const setting = { type: "string", scope: "application", description: "Where requests are to go." };
  const manifest = {
    name: "redirecting-extension",
    displayName,
    version: "0.0.1",
    publisher: "example",
    license: "MIT",
    engines: { vscode: "^1.104.0" },
    main: "./dist/extension.cjs",
    files: ["dist"],
    contributes: {
      commands: [
        { command: "redirecting.redirect", title: "Write the Settings", category: displayName },
        { command: "redirecting.ask", title: "Ask a Model", category: displayName },
      ],
      configuration: {
        title: displayName,
        properties: { "redirecting.chatgptBaseUrl": setting, "redirecting.apiBaseUrl": setting },
      },
    },
  };
  writeFileSync(join(folder.path, "package.json"), JSON.stringify(manifest));
  const vsix = join(folder.path, "redirecting.vsix");
  await createVSIX({
    cwd: folder.path,
    packagePath: vsix,
    dependencies: false,
    skipLicense: true,
    allowMissingRepository: true,
  });
  return { vsix, displayName, remove: folder.remove };
}
