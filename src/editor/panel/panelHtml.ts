import { randomBytes } from "node:crypto";
import { frameWords } from "../../shared/words/panelFrame.ts";

export interface PanelHtmlDependencies {
  /** The origin of the webview's own resources, as a source expression (`Webview.cspSource`). */
  cspSource: string;
  /** The addresses of the panel's style sheet and script, as the webview reaches them. */
  style: string;
  script: string;
  /** The display language, such as `de`. */
  language: string;
  /** Its texts by their English ones (`vscode.l10n.bundle`); undefined while the page is in English. */
  texts?: { readonly [english: string]: unknown } | undefined;
}

/**
 * The panel's page: everything comes from its own folder, one script by a new nonce, and nothing can be fetched. It
 * shows its frame before the script has run, and what to do in case it never does.
 */
export function panelHtml({ cspSource, style, script, language, texts }: PanelHtmlDependencies): string {
  const nonce = randomBytes(16).toString("base64");
  const policy = [
    "default-src 'none'",
    `style-src ${cspSource}`,
    `script-src 'nonce-${nonce}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="${texts ? escaped(language) : "en"}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
${texts ? `<meta name="texts" content="${escaped(JSON.stringify(texts))}">` : ""}
<title>${escaped(frameWords.title())}</title>
<link rel="stylesheet" href="${escaped(style)}">
</head>
<body>
<chatgpt-sign-in-panel>
<main aria-busy="true">
<header>
<h1>${escaped(frameWords.title())}</h1>
<p class="detail">${escaped(frameWords.subtitle())}</p>
</header>
<div class="loading">
<p>${escaped(frameWords.loading())}</p>
<p class="detail later">${escaped(frameWords.reload())}</p>
</div>
</main>
</chatgpt-sign-in-panel>
<script type="module" nonce="${nonce}" src="${escaped(script)}"></script>
</body>
</html>`;
}

/** For text, and for the value of an attribute in double quotes. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
