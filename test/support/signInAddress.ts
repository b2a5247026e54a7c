import { CookieJar } from "../issuer/login.ts";

/** The sign-in page's own address, whether VS Code opened that or a one-time address, which this uses up. */
export async function signInPageBehind(opened: string): Promise<string> {
  if (new URL(opened).searchParams.has("state")) return opened;
  const { status, headers } = await new CookieJar().fetch(opened);
  const page = headers.get("location");
  if (page === null) throw new Error(`The listener answered ${status} and no address of a page`);
  return page;
}
