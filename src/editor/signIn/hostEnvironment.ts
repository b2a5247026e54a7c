import { hostname } from "node:os";
import * as vscode from "vscode";
import type { HostEnvironment } from "../../signin/hostEnvironment.ts";

/** Where VS Code, this extension and the person's browser run. */
export function hostEnvironmentOf({ extension }: vscode.ExtensionContext): HostEnvironment {
  const web = vscode.env.uiKind === vscode.UIKind.Web;
  const { remoteName } = vscode.env;
  const remote = remoteName !== undefined && extension.extensionKind === vscode.ExtensionKind.Workspace;
  // The remote name of a VS Code server that a browser talks to directly is its address, `HOST:PORT`.
  const address =
    web && remoteName?.match(/^localhost$|[.:]/) ? URL.parse(`http://${remoteName}`)?.hostname : undefined;
  return { web, remote, host: address, hostname: hostname() };
}
