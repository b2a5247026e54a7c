/**
 * What a person can do without saying more, and where it is offered: in the Command Palette, by links and menus of ours
 * that run a command (some for no one else), in the settings panel. What needs to know more (which account, which mode)
 * comes from the panel alone, see `panelProtocol.ts`. What each action does is in `src/editor/actions.ts`. Loaded at
 * activation, so it imports nothing.
 */
const offered = {
  signIn: ["palette", "panel"],
  signInWithDeviceCode: ["palette"],
  signInWithBrowser: ["link"],
  pasteSignInLink: ["palette"],
  copySignInLink: ["ownLink", "panel"],
  copyDeviceCode: ["ownLink", "panel"],
  openDevicePage: ["link", "panel"],
  cancelSignIn: ["panel"],
  addAccount: ["palette", "panel"],
  switchAccount: ["palette"],
  signOut: ["palette", "panel"],
  readAccounts: ["panel"],
  refresh: ["palette", "panel"],
  retryDerivedKey: ["panel"],
  openPlatform: ["panel"],
  importFromCodex: ["palette", "panel"],
  exportToCodex: ["palette", "panel"],
  setApiKey: ["palette", "panel"],
  adoptEnvironmentKey: ["palette", "panel"],
  removeApiKey: ["palette", "panel"],
  readUsage: ["panel"],
  reviewEndpoints: ["panel"],
  openEndpointSettings: ["panel"],
  openSettings: ["palette"],
  showMenu: ["link"],
  showLog: ["panel"],
  allowChatWithoutGitHub: ["palette"],
} as const satisfies Record<string, readonly Place[]>;

type Place = "palette" | "link" | "ownLink" | "panel";
type OfferedIn<P extends Place> = {
  [Id in SimpleActionId]: P extends (typeof offered)[Id][number] ? Id : never;
}[SimpleActionId];

/** An action that needs no argument. */
export type SimpleActionId = keyof typeof offered;

/** An action that VS Code can run as a command. */
export type CommandId = OfferedIn<"palette"> | OfferedIn<"link"> | OfferedIn<"ownLink">;

/** The commands of package.json. */
export const paletteIds = idsOf("palette");

/** The commands that run for links of ours alone, see `src/editor/vscode/commandLinks.ts`. */
export const ownLinkIds = idsOf("ownLink");

/** Every command that is registered. */
export const commandIds: readonly CommandId[] = [...paletteIds, ...idsOf("link"), ...ownLinkIds];

/** The actions without argument that the panel may ask for. */
export const panelActionIds = idsOf("panel");

/** The name under which VS Code knows the command of an action. */
export function commandOf(id: CommandId): string {
  return `chatgptSignIn.${id}`;
}

function idsOf<P extends Place>(place: P): OfferedIn<P>[] {
  const ids = Object.keys(offered) as SimpleActionId[];
  return ids.filter((id): id is OfferedIn<P> => (offered[id] as readonly Place[]).includes(place));
}
