import { type CommandId, commandOf, ownLinkIds } from "../../shared/actionIds.ts";

/**
 * A link in a notification of ours that runs an action.
 * @param proof what only our own links have as their argument: any extension may run a command. Made for each window
 * and handed down, because the build may put this file into several of its pieces
 */
export function commandLink(label: string, id: CommandId, proof: string): string {
  const query = isForOwnLinks(id) ? `?${encodeURIComponent(JSON.stringify([proof]))}` : "";
  return `[${label}](command:${commandOf(id)}${query})`;
}

/**
 * Whether a command may be run with these arguments. What puts something of a sign-in on the clipboard, which every
 * extension can read, is for a person who has pressed one of our links. All other arguments are ignored.
 */
export function mayRun(id: CommandId, args: readonly unknown[], proof: string): boolean {
  return !isForOwnLinks(id) || args[0] === proof;
}

function isForOwnLinks(id: CommandId): boolean {
  return (ownLinkIds as readonly CommandId[]).includes(id);
}
