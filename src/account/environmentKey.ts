import { looksLikeApiKey } from "./ownKey.ts";

/**
 * The API key in the environment variable `OPENAI_API_KEY`, if there is one. It is offered to the person and used only
 * after they have accepted it: it may have been set for something else.
 */
export function environmentKey(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const key = environment.OPENAI_API_KEY?.trim();
  return key !== undefined && looksLikeApiKey(key) ? key : undefined;
}
