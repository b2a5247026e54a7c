import * as vscode from "vscode";
import { defaultIssuer } from "../oauth/issuer.ts";
import type { AuthMode } from "../panelProtocol.ts";
import { parseEndpoint } from "../platform/endpoint.ts";

const section = "chatgptSignIn";

const endpointDefaults = {
  issuer: defaultIssuer,
  apiBaseUrl: "https://api.openai.com/v1",
  chatgptBaseUrl: "https://chatgpt.com/backend-api",
} as const;
export type EndpointName = keyof typeof endpointDefaults;

/** The person's settings. All are of application scope: no workspace can change where a credential goes. */
export const settings = {
  get authMode(): AuthMode {
    return read("authMode") === "chatgpt" ? "chatgpt" : "apiKey";
  },

  async setAuthMode(authMode: AuthMode): Promise<void> {
    if (settings.authMode === authMode) return;
    await vscode.workspace.getConfiguration(section).update("authMode", authMode, vscode.ConfigurationTarget.Global);
  },

  get redeemCredits(): boolean {
    return read("redeemCredits") !== false;
  },

  /** @throws SettingProblem */
  endpoint(name: EndpointName): string {
    return parseEndpoint(`${section}.${name}`, read(name));
  },

  /** The names of the endpoints that are not the real service's. */
  get changedEndpoints(): EndpointName[] {
    const names = Object.keys(endpointDefaults) as EndpointName[];
    return names.filter((name) => read(name) !== endpointDefaults[name]);
  },

  onDidChange(listener: () => void): vscode.Disposable {
    return vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(section)) listener();
    });
  },

  async open(): Promise<void> {
    await vscode.commands.executeCommand("workbench.action.openSettings", `@id:${section}.*`);
  },
};

function read(name: string): unknown {
  return vscode.workspace.getConfiguration(section).get(name);
}
