import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { bodyClasses, type ThemeName, themeNames, themeStyles } from "./themes.ts";

/** Stands in for a webview's host: serves the built panel under the policy that the extension sets. */
export interface PanelServer {
  /** The panel's address under a theme. */
  url(theme: ThemeName): string;
  /** The size of the minified script, in bytes. */
  readonly scriptSize: number;
  close(): Promise<void>;
}

function page(theme: ThemeName, nonce: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Sign in with ChatGPT</title>
  <link rel="stylesheet" href="/theme.css?theme=${encodeURIComponent(theme)}">
  <link rel="stylesheet" href="/main.css">
</head>
<body class="${bodyClasses(theme)}" data-vscode-theme-kind="${bodyClasses(theme).split(" ")[0]}">
  <chatgpt-sign-in-panel></chatgpt-sign-in-panel>
  <script nonce="${nonce}" type="module" src="/main.js"></script>
</body>
</html>`;
}

/** Builds the panel's bundle into a temporary folder and serves it on a loopback port until closed. */
export async function startPanelServer(): Promise<PanelServer> {
  const folder = await mkdtemp(join(tmpdir(), "panel-"));
  await build({
    entryPoints: { main: "webview-ui/src/main.ts" },
    outdir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    target: "chrome132",
    loader: { ".svg": "text" },
    logLevel: "silent",
  });
  const files = {
    "/main.js": { type: "text/javascript", body: await readFile(join(folder, "main.js")) },
    "/main.css": { type: "text/css", body: await readFile(join(folder, "main.css")) },
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
    const theme = themeNames.find((name) => name === searchParams.get("theme"));
    if (pathname === "/main.js" || pathname === "/main.css") {
      const file = files[pathname];
      response.writeHead(200, { "Content-Type": file.type }).end(file.body);
    } else if (pathname === "/theme.css" && theme !== undefined) {
      response.writeHead(200, { "Content-Type": "text/css" }).end(themeStyles(theme));
    } else if (pathname === "/" && theme !== undefined) {
      const nonce = randomBytes(16).toString("base64");
      const policy = `default-src 'none'; style-src ${origin}; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'`;
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy });
      response.end(page(theme, nonce));
    } else {
      response.writeHead(pathname === "/favicon.ico" ? 204 : 404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: (theme) => `${origin}/?theme=${encodeURIComponent(theme)}`,
    scriptSize: files["/main.js"].body.byteLength,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}
