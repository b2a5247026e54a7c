import { createHash } from "node:crypto";
import { defaultIssuer } from "../oauth/issuer.ts";
import { parseEndpoint } from "../platform/endpoint.ts";

/** The real service's addresses; the settings of the same names can put others in their place. */
export const endpointDefaults = {
  issuer: defaultIssuer,
  apiBaseUrl: "https://api.openai.com/v1",
  chatgptBaseUrl: "https://chatgpt.com/backend-api",
} as const;
export type EndpointName = keyof typeof endpointDefaults;

/** What a credential is bound to: the addresses that it was obtained for. */
export interface Binding {
  readonly kind: "account" | "apiKey";
  /** Under this name the person's answers are remembered. No secret. */
  readonly holder: string;
  /** Addresses that need no question. */
  readonly home: readonly string[];
}

/**
 * What an account's tokens and its derived key are bound to. The addresses of the real service belong together; any
 * other issuer's tokens have only the addresses that the person has allowed.
 */
export function accountBinding(issuer: string): Binding {
  const holder = normalAddress(issuer) ?? "unknown issuer";
  return { kind: "account", holder, home: holder === defaultIssuer ? Object.values(endpointDefaults) : [] };
}

/** What a stored API key is bound to: the address that it was set for, which older records do not name. */
export function ownKeyBinding(key: string, apiBaseUrl: string = endpointDefaults.apiBaseUrl): Binding {
  const digest = createHash("sha256").update(key).digest("hex").slice(0, 12);
  return { kind: "apiKey", holder: `API key ${digest}`, home: [apiBaseUrl] };
}

/** What a key is bound to that the person is about to type. */
export const newKeyBinding: Binding = {
  kind: "apiKey",
  holder: "new API key",
  home: [endpointDefaults.apiBaseUrl],
};

/**
 * An address as a URL parser writes it: two are the same when scheme, host, port and path are. Undefined for what a
 * credential can never be sent to.
 */
export function normalAddress(address: string): string | undefined {
  try {
    return parseEndpoint("address", address);
  } catch {
    return undefined;
  }
}

/** Whether a setting has the real service's address, however it is written. */
export function isDefaultEndpoint(name: EndpointName, value: unknown): boolean {
  return typeof value === "string" && normalAddress(value) === endpointDefaults[name];
}
