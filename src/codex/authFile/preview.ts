import { maskKey } from "../../account/credential.ts";
import { shownName } from "../../shared/shownText.ts";
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

export function previewAuthFile(file: AuthFile): AuthFilePreview {
  return {
    mode: file.mode,
    email: shownName(file.identity.email),
    plan: shownName(file.identity.plan),
    workspaceId: shownName(file.tokens?.workspaceId),
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
