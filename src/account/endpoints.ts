import { createHash } from "node:crypto";
import { defaultIssuer } from "../oauth/issuer.ts";
import { parseEndpoint, withoutTrailingSlashes } from "../platform/endpoint.ts";

/** OpenAI's addresses; the settings of the same names can replace them. */
export const endpointDefaults = {
  issuer: defaultIssuer,
  apiBaseUrl: "https://api.openai.com/v1",
  chatgptBaseUrl: "https://chatgpt.com/backend-api",
} as const;
export type EndpointName = keyof typeof endpointDefaults;

/** What a credential is bound to: the addresses that it was obtained for. */
export interface Binding {
  readonly kind: "account" | "apiKey";
  /** The name under which the person's answers are remembered. No secret. */
  readonly name: string;
  /** Addresses that need no question. */
  readonly home: readonly string[];
}

/**
 * What an account's tokens and its derived key are bound to. OpenAI's addresses belong together; tokens of another
 * issuer may be sent only where the person has allowed it.
 */
export function accountBinding(issuer: string): Binding {
  const name = normalAddress(issuer) ?? "unknown issuer";
  return { kind: "account", name, home: name === defaultIssuer ? Object.values(endpointDefaults) : [] };
}

/** What a stored API key is bound to: the address that it was set for; OpenAI's where a record names none. */
export function ownKeyBinding(key: string, apiBaseUrl: string = endpointDefaults.apiBaseUrl): Binding {
  const digest = createHash("sha256").update(key).digest("hex").slice(0, 12);
  return { kind: "apiKey", name: `API key ${digest}`, home: [apiBaseUrl] };
}

/** What a key is bound to that the person is about to enter. */
export const newKeyBinding: Binding = {
  kind: "apiKey",
  name: "new API key",
  home: [endpointDefaults.apiBaseUrl],
};

/**
 * An address as a URL parser writes it: two addresses are equal when scheme, host, port and path are. Undefined for
 * an address that a credential can never be sent to.
 */
export function normalAddress(address: string): string | undefined {
  try {
    return parseEndpoint("address", address);
  } catch {
    return undefined;
  }
}

/**
 * The identifier of the issuer that a setting names, as `iss` has it: the address with the slashes at the end that it was
 * given with (RFC 9207 section 2.4 compares character for character). OpenAI's has none, however the setting spells it.
 * @throws Problem `badSetting`
 */
export function issuerIdentifier(setting: string, value: unknown): string {
  const address = parseEndpoint(setting, value);
  if (address === defaultIssuer) return address;
  const given = String(value).trim();
  return address + given.slice(withoutTrailingSlashes(given).length);
}

/** Whether a setting has OpenAI's address, in any spelling. */
export function isDefaultEndpoint(name: EndpointName, value: unknown): boolean {
  return typeof value === "string" && normalAddress(value) === endpointDefaults[name];
}
