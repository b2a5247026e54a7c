import { createHash } from "node:crypto";

/** A page of the callback server: fixed text, nothing of a request in it, nothing loaded from anywhere. */
export interface Page {
  status: number;
  html: string;
}

const style = `
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1rem/1.5 system-ui, sans-serif;
  background: light-dark(#f5f5f4, #1b1b1c); color: light-dark(#1c1b1a, #ececea); }
main { max-width: 30rem; margin: 1.5rem; padding: 2rem 2.25rem; border-radius: .75rem;
  background: light-dark(#fff, #252526); border: 1px solid light-dark(#dcdad6, #3c3c3d); }
h1 { margin: 0 0 .5rem; font-size: 1.375rem; line-height: 1.3; }
p { margin: .5rem 0 0; }
a { color: light-dark(#0b57b0, #7db8ff); }
small { display: block; margin-top: 1.5rem; color: light-dark(#5c5a56, #a9a8a5); }
@media (forced-colors: active) { main { border-color: CanvasText; } }
`;

/** The policy under which every page is sent: no script, no request, just the one style sheet. */
export const contentSecurityPolicy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

function page(status: number, title: string, ...paragraphs: string[]): Page {
  const body = paragraphs.map((paragraph) => `<p>${paragraph}</p>`).join("");
  return {
    status,
    html: `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Sign in with ChatGPT</title><style>${style}</style></head>
<body><main><h1>${title}</h1>${body}<small>Sign in with ChatGPT for VS Code. Unofficial, not made by OpenAI.</small></main></body></html>`,
  };
}

const tryAgain = "Go back to VS Code and run “Sign in with ChatGPT” to try again. You can close this page.";

/** Shown when the credential is stored; `setUpUrl` is one of our constants. */
export function successPage(setUpUrl: string | undefined): Page {
  const setUp = setUpUrl
    ? [
        `To use an API key as well, finish setting up your account's API organization: <a href="${setUpUrl}" rel="noreferrer">set up at platform.openai.com</a>.`,
      ]
    : [];
  return page(200, "You are signed in", "You can close this page and go back to VS Code.", ...setUp);
}

export const pages = {
  stateMismatch: page(
    400,
    "This link belongs to another sign-in",
    "It may be left over from an earlier attempt. VS Code is still waiting for the page that it opened last.",
  ),
  badRequest: page(400, "This request was not understood", "VS Code is still waiting for the sign-in page's answer."),
  accessDenied: page(400, "Access was denied or cancelled", tryAgain),
  noEntitlement: page(
    400,
    "Your account does not include Codex",
    "Ask the administrator of your ChatGPT workspace for access, then sign in again.",
  ),
  issuerError: page(400, "The sign-in page reported an error", tryAgain),
  missingCode: page(400, "The sign-in was not completed", tryAgain),
  exchangeFailed: page(502, "Sign-in could not be completed", `VS Code says what went wrong. ${tryAgain}`),
  workspaceNotAllowed: page(
    403,
    "This ChatGPT workspace is not allowed here",
    "VS Code is set up for other ChatGPT workspaces, so nothing was stored. Go back to VS Code, sign in again and choose an allowed one.",
  ),
  saveFailed: page(
    500,
    "The credential could not be stored",
    "You signed in, but VS Code could not store the credential. VS Code says what to do next. You can close this page.",
  ),
  notFound: page(404, "There is nothing here", "VS Code is waiting for the sign-in page's answer."),
} as const satisfies Record<string, Page>;
