import assert from "node:assert/strict";
import { parseEndpoint } from "../../../src/platform/endpoint.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { withinSeconds } from "../../support/withinSeconds.ts";

describe("An endpoint in the settings", () => {
  for (const [value, endpoint] of [
    ["https://auth.openai.com", "https://auth.openai.com"],
    ["https://auth.openai.com/", "https://auth.openai.com"],
    [" https://api.openai.com/v1/ ", "https://api.openai.com/v1"],
    ["http://localhost:8080", "http://localhost:8080"],
    ["http://127.0.0.2:8080/v1", "http://127.0.0.2:8080/v1"],
    ["http://[::1]:8080", "http://[::1]:8080"],
    ["https://gate_way-1.example.com:8443", "https://gate_way-1.example.com:8443"],
    ["https://bücher.example/v1", "https://xn--bcher-kva.example/v1"],
    ["https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"],
  ] as const) {
    it(`may be ${value}`, () => assert.equal(parseEndpoint("chatgptSignIn.issuer", value), endpoint));
  }

  for (const value of [
    "http://auth.openai.com",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://0.0.0.0",
    "https://user:secret@auth.openai.com",
    "https://user@auth.openai.com",
    "https://auth.openai.com/?tenant=1",
    "https://auth.openai.com/?",
    "https://auth.openai.com/#part",
    "https://auth.openai.com,gateway.example.com",
    "https://auth.openai.com%2Cgateway.example.com",
    "https://auth.openai.com;gateway.example.com",
    "https://auth.openai.com&gateway.example.com",
    "https://auth.openai.com(gateway).example.com",
    'https://auth.openai.com".example.com',
    "https://auth.openai.com!.example.com",
    "https://*.openai.com",
    "ftp://auth.openai.com",
    "javascript:alert(1)",
    "auth.openai.com",
    "",
    undefined,
    null,
    7,
    {},
  ]) {
    it(`may not be ${JSON.stringify(value)}, and the message names the setting and not the value`, () => {
      assert.throws(
        () => parseEndpoint("chatgptSignIn.issuer", value),
        (error) =>
          isProblem(error, "badSetting") &&
          error.message.includes("chatgptSignIn.issuer") &&
          !(typeof value === "string" && value.length > 8 && error.message.includes(value)),
      );
    });
  }

  it("takes no longer for many slashes", () => {
    const many = `https://example.com${"/".repeat(1_000_000)}`;
    assert.equal(
      withinSeconds(10, () => parseEndpoint("chatgptSignIn.issuer", many)),
      "https://example.com",
    );
    assert.equal(
      withinSeconds(10, () => parseEndpoint("chatgptSignIn.issuer", `${many}x`)),
      `${many}x`,
    );
  });
});
