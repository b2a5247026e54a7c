/** Longer than any in the Marketplace. */
const longestId = 200;

/** Publisher and name, as VS Code's own `ExtensionIdentifier.toKey` writes them. */
const pattern = /^[a-z0-9_-]+\.[a-z0-9_.-]+$/;

/** The id of an extension in lower case, as VS Code compares them; undefined for a value that is no such id. */
export function extensionIdOf(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > longestId) return undefined;
  const id = value.toLowerCase();
  return pattern.test(id) ? id : undefined;
}
