import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** The panel's page: everything comes from its own folder, one script by nonce, and nothing can be fetched. */
export function panelHtml(webview: vscode.Webview, folder: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const at = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  const policy = [
    "default-src 'none'",
    `style-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in with ChatGPT</title>
<link rel="stylesheet" href="${at("main.css")}">
</head>
<body>
<chatgpt-sign-in-panel></chatgpt-sign-in-panel>
<script type="module" nonce="${nonce}" src="${at("main.js")}"></script>
</body>
</html>`;
}
