import assert from "node:assert/strict";
import { issuerUrl, platformUrl, redirectUri } from "../../../src/oauth/issuer.ts";

describe("The issuer's addresses", () => {
  it("name the Platform of the real service and of its staging service", () => {
    assert.equal(platformUrl("https://auth.openai.com"), "https://platform.openai.com/");
    assert.equal(platformUrl("https://auth.api.openai.org"), "https://platform.api.openai.org/");
    assert.equal(platformUrl("http://127.0.0.1:8080"), "https://platform.openai.com/");
  });

  it("have one slash between identifier and path, whether or not that ends in some", () => {
    for (const issuer of ["https://id.example", "https://id.example/", "https://id.example//"])
      assert.equal(issuerUrl(issuer, "/oauth/token"), "https://id.example/oauth/token");
    assert.equal(issuerUrl("https://id.example/tenant/", "/oauth/token"), "https://id.example/tenant/oauth/token");
  });

  it("make the registered redirect URI", () => {
    assert.equal(redirectUri(1455), "http://localhost:1455/auth/callback");
  });
});
