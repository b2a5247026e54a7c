import type { Accounts } from "../../account/accounts.ts";

/** Whether an account is signed in, or may be: its record could not be read. */
export function isSignedIn(accounts: Pick<Accounts, "entry" | "state">, id: string): boolean {
  const { unread } = accounts.state;
  return accounts.entry(id) !== undefined || unread === "all" || unread?.includes(id) === true;
}
