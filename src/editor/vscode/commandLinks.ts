import { randomUUID } from "node:crypto";
import { type CommandId, commandOf, ownLinkIds } from "../../shared/actionIds.ts";

/** Any extension may run a command, but only our own links have this argument. */
const proof: string = randomUUID();

/** A link in a notification of ours that runs an action. */
export function commandLink(label: string, id: CommandId): string {
  const query = isForOwnLinks(id) ? `?${encodeURIComponent(JSON.stringify([proof]))}` : "";
  return `[${label}](command:${commandOf(id)}${query})`;
}

/**
 * Whether a command may be run with these arguments. What puts something of a sign-in on the clipboard, which every
 * extension can read, is for a person who has pressed one of our links. All other arguments are ignored.
 */
export function mayRun(id: CommandId, args: readonly unknown[]): boolean {
  return !isForOwnLinks(id) || args[0] === proof;
}

function isForOwnLinks(id: CommandId): boolean {
  return (ownLinkIds as readonly CommandId[]).includes(id);
}
