import type { Page } from "playwright-core";

/** An account of the test issuer that anybody may use. */
export const demoAccount = { email: "plus@example.com", password: "password" } as const;

/** How VS Code tells that somebody has signed in. */
export function signedInAs({ email }: { email: string }): string {
  return `Signed in as ${email}`;
}

/** Signs in on the issuer's login page, as a person does; afterwards the browser is on its way to the callback. */
export async function signInOnLoginPage(page: Page, account: { email: string; password: string }): Promise<void> {
  await page.getByLabel("Email").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Continue" }).click();
}
