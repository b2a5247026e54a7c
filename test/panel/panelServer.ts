import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { panelHtml } from "../../src/editor/panel/panelHtml.ts";
import { bodyClasses, type ThemeName, themeNames, themeStyles } from "./themes.ts";

/** Serves the panel's bundle and the page that the extension makes for it, as a webview's host does. */
export interface PanelServer {
  readonly origin: string;
  /** The panel's address under a theme. */
  url(theme: ThemeName): string;
  /** From the next page on, the panel is in this language; English without texts. */
  speak(language: string, texts?: Readonly<Record<string, string>>): void;
  /** The size of the minified script, in bytes. */
  readonly scriptSize: number;
  /** Requested paths that are not the panel's. */
  readonly strays: string[];
  close(): Promise<void>;
}

/**
 * What VS Code makes of an extension's page: its own styles come before the page's policy, which does not apply to
 * them, and the theme's classes are put on the body.
 */
function hosted(html: string, theme: ThemeName): string {
  const classes = bodyClasses(theme);
  return html
    .replace("<head>", () => `<head><style>${themeStyles(theme)}</style>`)
    .replace("<body>", `<body class="${classes}" data-vscode-theme-kind="${classes.split(" ")[0]}">`);
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
  const strays: string[] = [];
  let shown: { language: string; texts?: Readonly<Record<string, string>> | undefined } = { language: "en" };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
    const theme = themeNames.find((name) => name === searchParams.get("theme"));
    if (pathname === "/main.js" || pathname === "/main.css") {
      const file = files[pathname];
      response.writeHead(200, { "Content-Type": file.type }).end(file.body);
    } else if (pathname === "/" && theme !== undefined) {
      const addresses = { cspSource: origin, style: `${origin}/main.css`, script: `${origin}/main.js` };
      const page = panelHtml({ ...addresses, language: shown.language, texts: shown.texts });
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(hosted(page, theme));
    } else if (pathname === "/favicon.ico") {
      response.writeHead(204).end();
    } else {
      strays.push(pathname);
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    strays,
    speak: (language, texts) => {
      shown = { language, texts };
    },
    url: (theme) => `${origin}/?theme=${encodeURIComponent(theme)}`,
    scriptSize: files["/main.js"].body.byteLength,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}
