// What VS Code calls an asker that is no extension. Loaded at activation, so it imports nothing.

/**
 * What VS Code names as the asker of a request that the workbench itself makes: for an MCP server that asks for a model
 * (sampling), for an agent that runs outside the extension host, or for a feature of its own. Its Chat is none of these
 * (as of 1.139). No extension's id is without a dot.
 */
export const vscodeItself = "core";

/** What an asker is called that VS Code does not name. No extension has this id. */
export const unknownExtension = "unknown";

/** Whether VS Code names an extension that asks. @param extension see `Consumer` */
export function isExtension(extension: string): boolean {
  return extension !== unknownExtension && extension !== vscodeItself;
}
