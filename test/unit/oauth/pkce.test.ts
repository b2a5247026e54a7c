import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { authorizationUrl } from "../../../src/oauth/authorizationRequest.ts";
import { challengeOf, createPkce, createState } from "../../../src/oauth/pkce.ts";

describe("PKCE and state", () => {
  it("make a verifier of 86 and a challenge of 43 URL-safe characters", () => {
    const { codeVerifier, codeChallenge } = createPkce();
    assert.match(codeVerifier, /^[\w-]{86}$/);
    assert.match(codeChallenge, /^[\w-]{43}$/);
    assert.equal(codeChallenge, createHash("sha256").update(codeVerifier).digest().toString("base64url"));
  });

  it("match the example of RFC 7636, appendix B", () => {
    const challenge = challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert.equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  });

  it("make a state of 43 URL-safe characters", () => assert.match(createState(), /^[\w-]{43}$/));

  it("are never the same twice", () => {
    const made = new Set(Array.from({ length: 1000 }, () => [createPkce().codeVerifier, createState()]).flat());
    assert.equal(made.size, 2000);
  });
});

describe("The authorization URL", () => {
  it("has no character that an encoding on the way to the browser would change", () => {
    const { codeChallenge } = createPkce();
    const url = new URL(
      authorizationUrl({
        issuer: "https://auth.openai.com",
        redirectUri: "http://localhost:1455/auth/callback",
        codeChallenge,
        state: createState(),
      }),
    );
    assert.equal(url.origin + url.pathname, "https://auth.openai.com/oauth/authorize");
    for (const [name, value] of url.searchParams) assert.doesNotMatch(value, /[&#%+]/, name);
  });

  it("names the allowed ChatGPT workspaces as the issuer writes them, each once", () => {
    const asked = (allowedWorkspaces: readonly string[]) => {
      const redirectUri = "http://localhost:1455/auth/callback";
      const request = {
        issuer: "https://auth.openai.com",
        redirectUri,
        codeChallenge: "c",
        state: "s",
        allowedWorkspaces,
      };
      return new URL(authorizationUrl(request)).searchParams.get("allowed_workspace_id");
    };
    const uuid = "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01";
    assert.equal(asked([uuid.toUpperCase(), "Org-A", uuid]), `${uuid},Org-A`);
    for (const none of [[], [""], ["a,b", "a b", "a&prompt=none", "x".repeat(129)]]) assert.equal(asked(none), null);
  });
});
