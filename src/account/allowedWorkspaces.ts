/**
 * The ids of the only ChatGPT workspaces that may be used, as a setting names them; all when it is empty. What cannot be
 * an id is an empty text, which allows none. Loaded at activation, so it imports nothing.
 */
export function allowedWorkspacesIn(setting: unknown): string[] {
  // Anything but an empty list restricts, whatever it is: a slip must not lift the restriction.
  if (!Array.isArray(setting)) return setting === undefined ? [] : [""];
  return setting.map((id) => (typeof id === "string" ? id.trim() : ""));
}

/** Whether a ChatGPT workspace is among those. Where only some may be used, a login that names none may not. */
export function isAllowedWorkspace(workspaceId: string | undefined, allowed: readonly string[]): boolean {
  if (allowed.length === 0) return true;
  // The issuer's ids are UUIDs, which mean the same in capital letters (RFC 9562 section 4).
  return !!workspaceId && allowed.some((id) => id.toLowerCase() === workspaceId.toLowerCase());
}
