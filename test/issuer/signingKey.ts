import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { decodeJwt, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { JWK } from "oidc-provider";

export const signingAlgorithm = "ES256";
const kid = "test-issuer";

/** The issuer's key pair. ES256, because an RSA pair would take longer to make than the rest of the start. */
export class SigningKey {
  readonly jwk: JWK;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor() {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#privateKey = pair.privateKey;
    this.#publicKey = pair.publicKey;
    this.jwk = { ...pair.privateKey.export({ format: "jwk" }), kid, alg: signingAlgorithm, use: "sig" } as JWK;
  }

  /** The same token with iat, exp and auth_time moved by `seconds`. */
  async shiftClock(jwt: string, seconds: number): Promise<string> {
    const payload: JWTPayload = decodeJwt(jwt);
    for (const name of ["iat", "exp", "auth_time"]) {
      const time = payload[name];
      if (typeof time === "number") payload[name] = time + seconds;
    }
    return new SignJWT(payload).setProtectedHeader({ alg: signingAlgorithm, kid }).sign(this.#privateKey);
  }

  /** @throws a jose error unless signature, issuer, audience and expiry are right. */
  async verify(jwt: string, expected: { issuer: string; audience: string; now: number }): Promise<JWTPayload> {
    const { issuer, audience, now } = expected;
    const currentDate = new Date(now * 1000);
    return (await jwtVerify(jwt, this.#publicKey, { issuer, audience, currentDate })).payload;
  }
}
