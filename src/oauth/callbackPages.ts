import { createHash } from "node:crypto";
import * as l10n from "@vscode/l10n";

/** A page of the callback server: our own text, nothing of a request in it, nothing loaded from anywhere. */
export interface Page {
  status: number;
  html: string;
}

/** In every page, in every language: by this, another window knows who listens on the port. */
export const pageMark = "Sign in with ChatGPT for VS Code";

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

/** @param content HTML after the paragraphs */
function page(status: number, title: string, paragraphs: readonly string[], content = ""): Page {
  const language = l10n.t({ message: "en", comment: ["The code of the language that you translate into, such as de"] });
  const tab = l10n.t("{title} – Sign in with ChatGPT", { title });
  const notice = l10n.t("Sign in with ChatGPT for VS Code. Unofficial; not made by OpenAI.");
  const body = paragraphs.map((paragraph) => `<p>${escaped(paragraph)}</p>`).join("");
  return {
    status,
    html: `<!DOCTYPE html>
<html lang="${escaped(language)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="application-name" content="${pageMark}"><title>${escaped(tab)}</title><style>${style}</style></head>
<body><main><h1>${escaped(title)}</h1>${body}${content}<small>${escaped(notice)}</small></main></body></html>`,
  };
}

/** For text, and for the value of an attribute in double quotes. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

function tryAgain(): string {
  return l10n.t("Return to VS Code and run “Sign in with ChatGPT” to try again. You can close this page.");
}

/** Shown when the credential is saved; `setUpUrl` is one of our constants. */
export function successPage(setUpUrl: string | undefined): Page {
  const title = l10n.t("You're signed in");
  const close = l10n.t("You can close this page and return to VS Code.");
  if (setUpUrl === undefined) return page(200, title, [close]);
  const setUp = l10n.t("To use an API key as well, finish setting up your OpenAI Platform organization:");
  const link = `<a href="${escaped(setUpUrl)}" rel="noreferrer">${escaped(l10n.t("Set up on platform.openai.com"))}</a>`;
  return page(200, title, [close, setUp], `<p>${link}</p>`);
}

/** The other pages. Functions, because the display language is not known yet when this file is loaded. */
export const pages = {
  stateMismatch: () =>
    page(400, l10n.t("This page belongs to another sign-in"), [
      l10n.t("It may be left over from an earlier attempt. Finish signing in on the page that VS Code opened last."),
    ]),
  badRequest: () =>
    page(400, l10n.t("This request couldn't be understood"), [
      l10n.t("VS Code is still waiting for a response from the sign-in page."),
    ]),
  otherIssuer: () =>
    page(400, l10n.t("This response came from another sign-in service"), [
      l10n.t("VS Code didn't use it, and is still waiting for a response from the sign-in page that it opened."),
      l10n.t("If this keeps happening, check the setting “chatgptSignIn.issuer”."),
    ]),
  oneTimeAddress: () =>
    page(410, l10n.t("This address works only once"), [
      l10n.t("If the sign-in page is open in another tab, continue there."),
      l10n.t(
        "Otherwise, return to VS Code, cancel the sign-in if it's still running, and start again. If that doesn't help, choose “Copy link” there and open the link in your browser.",
      ),
    ]),
  openedTwice: () =>
    page(410, l10n.t("This address was already opened"), [
      l10n.t("If you didn't open it, someone else on this computer may have, so VS Code stops this sign-in if it can."),
      l10n.t("Return to VS Code. If you're signed in, check which account it is; otherwise, sign in again."),
    ]),
  otherUser: () =>
    page(403, l10n.t("This sign-in belongs to another user of this computer"), [
      l10n.t("If it's yours, return to VS Code, choose “Copy link”, and open the link in your browser."),
    ]),
  unknownUser: () =>
    page(503, l10n.t("VS Code couldn't check who opened this address"), [
      l10n.t(
        "Reload this page to try again. If that doesn't help, return to VS Code, choose “Copy link”, and open the link in your browser.",
      ),
    ]),
  tooLarge: () =>
    page(431, l10n.t("The browser sent too much data"), [
      l10n.t(
        "Its cookies for localhost may be too large. Delete them and reload this page, or open its address in a private window.",
      ),
    ]),
  tooSlow: () => page(408, l10n.t("The request took too long"), [l10n.t("Reload this page to try again.")]),
  accessDenied: () => page(400, l10n.t("Access was denied or canceled"), [tryAgain()]),
  noEntitlement: () =>
    page(400, l10n.t("Your account doesn't include Codex"), [
      l10n.t("Ask the administrator of your ChatGPT workspace for access, then sign in again."),
    ]),
  issuerError: () => page(400, l10n.t("The sign-in page reported an error"), [tryAgain()]),
  missingCode: () => page(400, l10n.t("Sign-in wasn't completed"), [tryAgain()]),
  exchangeFailed: () =>
    page(502, l10n.t("Sign-in couldn't be completed"), [l10n.t("VS Code shows what went wrong."), tryAgain()]),
  workspaceNotAllowed: () =>
    page(403, l10n.t("This ChatGPT workspace isn't allowed"), [
      l10n.t(
        "VS Code is set up for other ChatGPT workspaces, so nothing was saved. Return to VS Code, sign in again, and choose an allowed ChatGPT workspace.",
      ),
    ]),
  saveFailed: () =>
    page(500, l10n.t("Your credential couldn't be saved"), [
      l10n.t(
        "You signed in, but VS Code couldn't save the credential. Return to VS Code to see what to do. You can close this page.",
      ),
    ]),
  notFound: () =>
    page(404, l10n.t("There's nothing here"), [l10n.t("VS Code is waiting for a response from the sign-in page.")]),
} as const satisfies Record<string, () => Page>;
