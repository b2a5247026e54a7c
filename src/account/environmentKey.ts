import { looksLikeApiKey } from "./ownKey.ts";

/**
 * The API key that `OPENAI_API_KEY` holds, if it is one. It is offered to the person and used only once they have taken
 * it over: whoever set it may have meant it for something else.
 */
export function environmentKey(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const key = environment.OPENAI_API_KEY?.trim();
  return key !== undefined && looksLikeApiKey(key) ? key : undefined;
}
