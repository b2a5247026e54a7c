import { Problem } from "../../../src/shared/problem.ts";
import { type Issuer, issuerUrl } from "./issuer.ts";
import type { SharedFolder } from "./sharedFolder.ts";
import type { World } from "./world.ts";

/** Where the Codex CLI keeps its login. */
export const codexHome = "/person/.codex";
export const authFile = `${codexHome}/auth.json`;

interface Tokens {
  readonly id_token: string;
  readonly access_token: string;
  readonly refresh_token: string;
}

interface Login {
  readonly tokens: Tokens & { readonly account_id?: string };
}

/** The Codex CLI refreshes an access token that expires within this time, ms. */
const marginMs = 5 * 60_000;
const permanent = /^refresh_token_|^invalid_grant$/;

/** What the Codex CLI does with its login. Each method runs in one of its processes. */
export class CodexLogin {
  readonly #world: World;
  readonly #folder: SharedFolder;
  readonly #issuer: Issuer;

  constructor(world: World, folder: SharedFolder, issuer: Issuer) {
    this.#world = world;
    this.#folder = folder;
    this.#issuer = issuer;
  }

  /** Undefined where there is none, or the file cannot be understood. */
  async read(): Promise<Login | undefined> {
    try {
      const login = JSON.parse(await this.#folder.readFile(authFile)) as Login;
      return login.tokens?.access_token ? login : undefined;
    } catch {
      return undefined;
    }
  }

  /** Refreshes it. @returns false when its refresh token is no longer accepted */
  async refresh(): Promise<boolean> {
    const login = await this.read();
    if (!login) return true;
    try {
      const { status, json } = await this.#ask("/oauth/token", {
        grant_type: "refresh_token",
        refresh_token: login.tokens.refresh_token,
      });
      const { error, ...tokens } = (json ?? {}) as Partial<Tokens> & { error?: { code?: string } };
      if (status === 401 || permanent.test(error?.code ?? "")) return false;
      if (status === 200 && !error) await this.#write({ ...login.tokens, ...tokens });
    } catch {
      // Its next try may succeed.
    }
    return true;
  }

  /** Refreshes it where that is due, as each request of the Codex CLI does. */
  async use(): Promise<void> {
    const login = await this.read();
    if (login && expiryOf(login.tokens.access_token) <= this.#world.wallTime + marginMs) await this.refresh();
  }

  /** @param code what the sign-in page has brought. @throws Problem, Error */
  async signIn(code: string): Promise<void> {
    await this.signOut();
    const { status, json } = await this.#ask("/oauth/token", { grant_type: "authorization_code", code });
    const tokens = json as Tokens | undefined;
    if (status !== 200 || !tokens?.refresh_token) throw new Problem("unreachable", "no tokens");
    await this.#write(tokens);
  }

  /** Revokes it where that is possible, and deletes the file. */
  async signOut(): Promise<void> {
    const login = await this.read();
    if (login) await this.#ask("/oauth/revoke", { token: login.tokens.refresh_token }).catch(() => {});
    await this.#folder.rm(authFile, { force: true });
  }

  async #ask(path: string, json: Readonly<Record<string, string>>) {
    return this.#issuer.http.send({ method: "POST", url: `${issuerUrl}${path}`, json });
  }

  /** Truncates the file and writes it again, as the Codex CLI does. */
  async #write(tokens: Tokens): Promise<void> {
    const content = {
      ...{ auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens: { account_id: workspaceIn(tokens), ...tokens } },
      last_refresh: new Date(this.#world.wallTime).toISOString(),
    };
    await this.#folder.mkdir(codexHome, true);
    const item = await this.#folder.open(authFile, "w");
    await this.#folder.write(authFile, item, JSON.stringify(content, null, 2));
  }
}

function claimsIn(token: string): { exp?: number; "https://api.openai.com/auth"?: { chatgpt_account_id?: string } } {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

function expiryOf(token: string): number {
  return (claimsIn(token).exp ?? 0) * 1000;
}

function workspaceIn({ id_token }: Tokens): string | undefined {
  return claimsIn(id_token)["https://api.openai.com/auth"]?.chatgpt_account_id;
}
