import type { TestAccount } from "./types.ts";

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

const style = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{display:grid;place-items:start center;margin:10vh 1rem}main{max-width:22rem;width:100%}
label{display:block;margin-top:1rem}input{box-sizing:border-box;width:100%;padding:.5rem;font:inherit}
button{width:100%;margin-top:1rem;padding:.5rem;font:inherit;cursor:pointer}
p[role=alert]{border-left:4px solid #c00;padding-left:.75rem}`;

function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${body}
<p><small>This page is for tests and demonstrations. It is not OpenAI.</small></p></main></body></html>`;
}

function alert(message: string | undefined): string {
  return message === undefined ? "" : `<p role="alert">${escapeHtml(message)}</p>`;
}

// Without validation, so that it works with empty fields.
const cancelButton = `<button type="submit" name="action" value="cancel" formnovalidate>Cancel</button>`;

export function loginPage(problem?: string, email = ""): string {
  return page(
    "Sign in",
    `${alert(problem)}<form method="post" autocomplete="off">
<label for="email">Email</label><input id="email" name="email" type="email" required value="${escapeHtml(email)}" autofocus>
<label for="password">Password</label><input id="password" name="password" type="password" required>
<button type="submit" name="action" value="login">Continue</button>${cancelButton}</form>`,
  );
}

/** For a browser that is already signed in at the issuer. */
export function consentPage(account: TestAccount): string {
  return page(
    "Continue as this account?",
    `<p>You are signed in as <strong>${escapeHtml(account.email)}</strong>.</p><form method="post">
<button type="submit" name="action" value="consent" autofocus>Continue</button>
<button type="submit" name="action" value="other">Use another account</button>${cancelButton}</form>`,
  );
}

/** For an email with several ChatGPT workspaces. */
export function workspacePage(accounts: TestAccount[], email: string, password: string): string {
  const choices = accounts.map(
    (account) =>
      `<button type="submit" name="workspace" value="${escapeHtml(account.chatgptAccountId)}">${escapeHtml(account.name)} (${escapeHtml(account.plan)})</button>`,
  );
  return page(
    "Choose a workspace",
    `<form method="post"><input type="hidden" name="action" value="login">
<input type="hidden" name="email" value="${escapeHtml(email)}">
<input type="hidden" name="password" value="${escapeHtml(password)}">${choices.join("")}</form>`,
  );
}

export function deviceCodePage(problem?: string): string {
  return page(
    "Connect a device",
    `${alert(problem)}<p>Enter the code that your device shows. Never enter a code that somebody sent you.</p>
<form method="post" autocomplete="off"><label for="user_code">Code</label><input id="user_code" name="user_code" required autofocus>
<button type="submit">Continue</button></form>`,
  );
}

export function messagePage(title: string, message: string): string {
  return page(title, `<p>${escapeHtml(message)}</p>`);
}
