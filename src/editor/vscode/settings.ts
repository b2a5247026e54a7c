import * as vscode from "vscode";
import { allowedWorkspacesIn } from "../../account/allowedWorkspaces.ts";
import { type EndpointName, endpointDefaults, isDefaultEndpoint, issuerIdentifier } from "../../account/endpoints.ts";
import { parseEndpoint } from "../../platform/endpoint.ts";
import { type AuthMode, type FlowName, flowSchema } from "../../shared/panelProtocol.ts";
import { extensionIdOf } from "./extensionId.ts";

/** The ChatGPT plan, or the OpenAI Platform with the account's derived key. */
export type ChatBackend = "chatgpt" | "platform";

const section = "chatgptSignIn";

/** The mode that is being written. */
let writing: { readonly authMode: AuthMode; readonly done: Promise<void> } | undefined;

/**
 * The person's settings. All are of application scope, so no workspace can change them. Any extension can, so they are no
 * proof of what the person wants (see `endpointPermissions.ts`).
 */
export const settings = {
  get authMode(): AuthMode {
    return read("authMode") === "chatgpt" ? "chatgpt" : "apiKey";
  },

  /** In ChatGPT mode: what Chat's requests go to. */
  get chatBackend(): ChatBackend {
    return read("chatBackend") === "platform" ? "platform" : "chatgpt";
  },

  /** Writes the mode, unless it is that one or is becoming it. @throws what VS Code says when it cannot be written */
  async setAuthMode(authMode: AuthMode): Promise<void> {
    // While a mode is being written, the setting still reads as before.
    if (writing?.authMode === authMode) return writing.done;
    if (!writing && settings.authMode === authMode) return;
    const configuration = vscode.workspace.getConfiguration(section);
    const done = Promise.resolve(configuration.update("authMode", authMode, vscode.ConfigurationTarget.Global));
    const current = { authMode, done };
    writing = current;
    try {
      await done;
    } finally {
      if (writing === current) writing = undefined;
    }
  },

  get redeemCredits(): boolean {
    return read("redeemCredits") !== false;
  },

  /** Whether the integrated terminals get the API key. */
  get terminalEnvironment(): boolean {
    return read("terminalEnvironment") === true;
  },

  /** The full path of the Codex CLI; empty: look on PATH. */
  get codexPath(): string {
    const path = read("codexPath");
    return typeof path === "string" ? path.trim() : "";
  },

  /** The way to sign in that is tried first. */
  get preferredFlow(): FlowName | "auto" {
    return flowSchema.safeParse(read("preferredFlow")).data ?? "auto";
  },

  /** The ids of the only ChatGPT workspaces that may be used, see `allowedWorkspacesIn`. */
  get allowedWorkspaces(): string[] {
    return allowedWorkspacesIn(read("allowedWorkspaces"));
  },

  /**
   * The ids of the extensions whose requests to models don't wait for the person's answer, in lower case; what is no such
   * id allows nobody. Only the user settings count, whatever scopes VS Code knows of.
   */
  get allowedExtensions(): string[] {
    const ids: unknown = vscode.workspace.getConfiguration(section).inspect("allowedExtensions")?.globalValue;
    return Array.isArray(ids) ? ids.flatMap((id) => extensionIdOf(typeof id === "string" ? id.trim() : id) ?? []) : [];
  },

  /** @throws Problem `badSetting` */
  endpoint(name: EndpointName): string {
    return parseEndpoint(`${section}.${name}`, read(name));
  },

  /** The issuer's identifier. @throws Problem `badSetting` */
  get issuerIdentifier(): string {
    return issuerIdentifier(`${section}.issuer`, read("issuer"));
  },

  /** The names of the endpoints that are not OpenAI's. */
  get changedEndpoints(): EndpointName[] {
    const names = Object.keys(endpointDefaults) as EndpointName[];
    return names.filter((name) => !isDefaultEndpoint(name, read(name)));
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
