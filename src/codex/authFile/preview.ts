import { maskKey } from "../../account/credential.ts";
import type { AuthFile } from "./parse.ts";

/** What a dialog may show of an auth.json: no secret, and no text that a dialog could render as a link or an icon. */
export interface AuthFilePreview {
  readonly mode: "chatgpt" | "apiKey";
  readonly email: string | undefined;
  readonly plan: string | undefined;
  readonly workspaceId: string | undefined;
  readonly parts: {
    readonly idToken: boolean;
    readonly accessToken: boolean;
    readonly refreshToken: boolean;
    readonly apiKey: boolean;
  };
  /** As `maskKey` shows it. */
  readonly apiKey: string | undefined;
  /** Milliseconds since 1970. */
  readonly accessTokenExpiresAt: number | undefined;
  /** Milliseconds since 1970. */
  readonly lastRefresh: number | undefined;
}

const longestText = 100;

export function previewAuthFile(file: AuthFile): AuthFilePreview {
  return {
    mode: file.mode,
    email: displayText(file.identity.email),
    plan: displayText(file.identity.plan),
    workspaceId: displayText(file.tokens?.workspaceId),
    parts: {
      idToken: file.tokens !== undefined,
      accessToken: file.tokens !== undefined,
      refreshToken: file.tokens?.refreshToken !== undefined,
      apiKey: file.apiKey !== undefined,
    },
    apiKey: file.apiKey === undefined ? undefined : maskKey(file.apiKey),
    accessTokenExpiresAt: file.accessTokenExpiresAt,
    lastRefresh: file.lastRefresh,
  };
}

/**
 * Text of a file as a dialog may show it: letters, digits and what is in addresses and plan names. Drops control and
 * direction characters, brackets of links (`[text](command:…)`) and icons (`$(name)`). Undefined when nothing is left.
 */
export function displayText(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  // Cut before the replacement too: the value may be as long as the file.
  const kept = value.slice(0, 4 * longestText).replace(/[^\p{L}\p{N} @._+'-]/gu, "");
  const characters = [...kept.trim()];
  if (characters.length === 0) return undefined;
  return characters.length > longestText ? `${characters.slice(0, longestText).join("")}…` : characters.join("");
}
