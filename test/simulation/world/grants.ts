import { World } from "./world.ts";

/** Why a grant has ended. */
export type GrantEnd = "revoked" | "reuse" | "issuer";

/** What one redeemed sign-in gave. */
export interface Grant {
  readonly id: number;
  readonly person: string;
  /** The number of the person's sign-in that it came from. */
  readonly signIn: number;
  /** Its refresh tokens, the newest last; each works once. */
  readonly tokens: RefreshToken[];
  ended: { why: GrantEnd; at: number; by: string | undefined } | undefined;
}

export interface RefreshToken {
  readonly value: string;
  readonly grant: Grant;
  /** Whether the answer that brought it reached somebody, and whom. */
  receivedBy: string | undefined;
  /** When and by which process it was used, once it was. */
  spent: { at: number; by: string } | undefined;
}

/** A spent refresh token that was sent again. */
export interface Reuse {
  readonly token: RefreshToken;
  readonly at: number;
  readonly by: string;
}

const accessTokenMs = 60 * 60_000;

/** Everything that the issuer has given out. */
export class Grants {
  readonly all: Grant[] = [];
  readonly reuses: Reuse[] = [];
  readonly refreshTokens = new Map<string, RefreshToken>();
  readonly accessTokens = new Map<string, { grant: Grant; issuedAt: number; expiresAt: number }>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  create(person: string, signIn: number): RefreshToken {
    const grant: Grant = { id: this.all.length + 1, person, signIn, tokens: [], ended: undefined };
    this.all.push(grant);
    return this.#add(grant);
  }

  /** The next refresh token in exchange for this one, or why there is none. */
  spend(value: string): RefreshToken | "refresh_token_reused" | "refresh_token_invalidated" {
    const token = this.refreshTokens.get(value);
    if (!token || token.grant.ended) return "refresh_token_invalidated";
    const by = World.process?.name ?? "?";
    if (token.spent) {
      this.reuses.push({ token, at: this.#world.now, by });
      this.end(token.grant, "reuse");
      return "refresh_token_reused";
    }
    token.spent = { at: this.#world.now, by };
    return this.#add(token.grant);
  }

  end(grant: Grant, why: GrantEnd): void {
    if (grant.ended) return;
    grant.ended = { why, at: this.#world.now, by: World.process?.name };
    this.#world.log(`grant ${grant.id} of ${grant.person} ends: ${why}`);
  }

  /** An access token and an id_token of a grant, as JSON Web Tokens. */
  tokensOf(grant: Grant): { access_token: string; id_token: string } {
    const now = this.#world.trueTime;
    const [issuedAt, expiresAt] = [now, now + accessTokenMs];
    const times = { iat: Math.floor(issuedAt / 1000), exp: Math.floor(expiresAt / 1000) };
    const auth = {
      chatgpt_user_id: `user-${grant.person}`,
      chatgpt_account_id: `workspace-${grant.person}`,
      chatgpt_plan_type: "plus",
      completed_platform_onboarding: true,
    };
    const claims = { ...times, "https://api.openai.com/auth": auth };
    const id = jwt({ ...claims, email: `${grant.person}@example.com`, jti: `${this.accessTokens.size}` });
    const access = jwt({ ...claims, jti: `${grant.id}-${this.accessTokens.size}` });
    this.accessTokens.set(access, { grant, issuedAt, expiresAt: times.exp * 1000 });
    return { access_token: access, id_token: id };
  }

  #add(grant: Grant): RefreshToken {
    const value = `rt_${grant.person}_${grant.id}_${grant.tokens.length + 1}_${"x".repeat(20)}`;
    const token: RefreshToken = { value, grant, receivedBy: undefined, spent: undefined };
    grant.tokens.push(token);
    this.refreshTokens.set(value, token);
    return token;
  }
}

/** The refresh tokens in a text. */
export function refreshTokensIn(text: string): string[] {
  return text.match(/rt_\w+?_\d+_\d+_x{20}/g) ?? [];
}

const header = base64({ alg: "none", typ: "JWT" });

function jwt(payload: object): string {
  return `${header}.${base64(payload)}.c2lnbmF0dXJl`;
}

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
