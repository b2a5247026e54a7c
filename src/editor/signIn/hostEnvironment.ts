import { hostname } from "node:os";
import * as vscode from "vscode";
import type { HostEnvironment } from "../../signin/flows.ts";

/** Where VS Code, this extension and the person's browser stand to each other. */
export function hostEnvironmentOf({ extension }: vscode.ExtensionContext): HostEnvironment {
  const web = vscode.env.uiKind === vscode.UIKind.Web;
  const { remoteName } = vscode.env;
  const remote = remoteName !== undefined && extension.extensionKind === vscode.ExtensionKind.Workspace;
  // VS Code servers that a browser talks to directly are called by their address, `HOST:PORT`.
  const address =
    web && remoteName?.match(/^localhost$|[.:]/) ? URL.parse(`http://${remoteName}`)?.hostname : undefined;
  return { web, remote, host: address, hostname: hostname() };
}
