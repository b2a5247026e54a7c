import assert from "node:assert/strict";
import {
  accountBinding,
  type Binding,
  endpointDefaults,
  isDefaultEndpoint,
  issuerIdentifier,
  newKeyBinding,
  ownKeyBinding,
} from "../../../src/account/endpoints.ts";
import { parseEndpoint } from "../../../src/platform/endpoint.ts";
import { createEndpointFixture, type EndpointFixture, gateway, real } from "./endpointFixture.ts";
import { is } from "./fixture.ts";

describe("Where a credential may be sent", () => {
  let fixture: EndpointFixture;
  let memory: EndpointFixture["memory"];
  let person: EndpointFixture["person"];
  let lines: EndpointFixture["lines"];
  let endpoints: EndpointFixture["endpoints"];
  beforeEach(() => {
    fixture = createEndpointFixture();
    ({ memory, person, lines, endpoints } = fixture);
  });

  describe("without a question", () => {
    for (const address of [
      ...Object.values(endpointDefaults),
      "https://api.openai.com:443/v1",
      "https://api.openai.com/v1/",
      "HTTPS://API.OpenAI.com/v1",
      "https://chatgpt.com/other/../backend-api",
    ]) {
      it(`a credential of OpenAI goes to ${address}`, async () => {
        endpoints.assertAllowed(real, address);
        await endpoints.request(real, [address]);
        assert.deepEqual(person.asked, []);
      });
    }

    it("knows OpenAI's issuer in every spelling of its address", () => {
      for (const issuer of ["https://auth.openai.com/", "https://AUTH.openai.com:443"]) {
        assert.equal(endpoints.isAllowed(accountBinding(issuer), endpointDefaults.chatgptBaseUrl), true, issuer);
      }
    });
  });

  describe("only after one", () => {
    for (const address of [
      gateway,
      "https://api.openai.com",
      "https://api.openai.com/v2",
      "https://api.openai.com/v1/other",
      "https://api.openai.com/v1/../../evil",
      "https://chatgpt.com/backend-api/%2e%2e/evil",
      "https://chatgpt.com//backend-api",
      "https://api.openai.com:8443/v1",
      "https://api.openai.com./v1",
      "https://api.openai.com.evil.example/v1",
      "https://evil.example/api.openai.com/v1",
      "https://api-openai.com/v1",
      "https://аpi.openai.com/v1",
      "https://xn--pi-6kc.openai.com/v1",
      "https://chatgpt.com\\@evil.example/backend-api",
      "http://127.0.0.1:8080/v1",
      "http://localhost:1455/v1",
      "http://[::1]:8080/v1",
    ]) {
      it(`a credential of OpenAI goes to ${address}`, async () => {
        assert.throws(() => endpoints.assertAllowed(real, address), is("endpointNotAllowed"));
        const asked = endpoints.request(real, [address]);
        await person.answer(true);
        await asked;
        endpoints.assertAllowed(real, address);
        assert.deepEqual(person.asked, [[address]]);
      });
    }

    for (const address of [
      "https://api.openai.com@evil.example/v1",
      "https://user:word@api.openai.com/v1",
      "https://api.openai.com/v1?to=evil",
      "https://api.openai.com/v1#evil",
      "http://api.openai.com/v1",
      "http://127.0.0.1.evil.example/v1",
      "api.openai.com/v1",
      "javascript:alert(1)//api.openai.com",
      "",
    ]) {
      it(`and never to ${JSON.stringify(address)}`, async () => {
        assert.throws(() => parseEndpoint("chatgptSignIn.apiBaseUrl", address), /must be an https URL/);
        assert.equal(endpoints.isAllowed(real, address), false);
        await memory.update("allowedEndpoints", [[real.name, address]]);
        assert.equal(endpoints.isAllowed(real, address), false);
      });
    }

    it("and a credential that is bound to nothing goes nowhere", () => {
      for (const address of [...Object.values(endpointDefaults), gateway]) {
        assert.throws(() => endpoints.assertAllowed(undefined, address), is("endpointNotAllowed"));
      }
    });
  });

  it("is remembered over a restart, for that credential alone", async () => {
    const asked = endpoints.request(real, [gateway]);
    await person.answer(true);
    await asked;
    const next = fixture.open();
    assert.equal(next.isAllowed(real, gateway), true);
    assert.equal(next.isAllowed(real, `${gateway}/`), true);
    const others: Binding[] = [
      accountBinding("https://login.example.com"),
      accountBinding("https://auth.openai.com.evil.example"),
      ownKeyBinding("sk-test-own-key-1"),
      newKeyBinding,
    ];
    for (const other of others) assert.equal(next.isAllowed(other, gateway), false, other.name);
  });

  it("does not let another issuer's tokens go to OpenAI's addresses without a question", () => {
    const other = accountBinding("https://login.example.com");
    for (const address of ["https://login.example.com", ...Object.values(endpointDefaults)]) {
      assert.equal(endpoints.isAllowed(other, address), false, address);
    }
  });

  it("takes nothing but its own format for a remembered answer", async () => {
    for (const stored of [
      true,
      "https://gateway.example.com/v1",
      { [real.name]: [gateway] },
      [real.name, gateway],
      [[real.name]],
      [[real.name, gateway, "more"]],
      [[real.name, { href: gateway }]],
      [["*", gateway]],
      [[real.name, "*"]],
      [[real.name, "https://gateway.example.com"]],
    ]) {
      await memory.update("allowedEndpoints", stored);
      assert.equal(endpoints.isAllowed(real, gateway), false, JSON.stringify(stored));
    }
  });

  it("keeps an API key out of what it remembers", async () => {
    assert.match(ownKeyBinding(`sk-${"a".repeat(40)}`).name, /^API key [0-9a-f]{12}$/);
    const secret = "sk-test-own-key-000000000000000000000000";
    const asked = endpoints.request(ownKeyBinding(secret), [gateway]);
    await person.answer(true);
    await asked;
    const stored = JSON.stringify([...memory.values]);
    assert.ok(stored.includes(gateway));
    assert.ok(!stored.includes(secret.slice(-12)) && !stored.includes(secret.slice(0, 12)), stored);
    assert.ok(!lines.join("\n").includes(gateway), "an address of the settings is in the log");
  });

  it("lets an API key go only where it was set for", () => {
    const older = ownKeyBinding("sk-test-own-key-1");
    const bound = ownKeyBinding("sk-test-own-key-1", gateway);
    assert.equal(endpoints.isAllowed(older, endpointDefaults.apiBaseUrl), true);
    assert.equal(endpoints.isAllowed(older, endpointDefaults.chatgptBaseUrl), false);
    assert.equal(endpoints.isAllowed(older, gateway), false);
    assert.equal(endpoints.isAllowed(bound, gateway), true);
    assert.equal(endpoints.isAllowed(bound, endpointDefaults.apiBaseUrl), false);
    assert.notEqual(ownKeyBinding("sk-test-own-key-2").name, older.name);
  });

  it("has an issuer's identifier with the slashes that the setting has, and OpenAI's in any spelling", () => {
    const identifiers: readonly [setting: string, identifier: string][] = [
      ["https://id.example", "https://id.example"],
      [" https://ID.example/ ", "https://id.example/"],
      ["https://id.example/tenant", "https://id.example/tenant"],
      ["https://id.example/tenant/", "https://id.example/tenant/"],
      ["https://id.example:443//", "https://id.example//"],
      ["https://Auth.OpenAI.com/", endpointDefaults.issuer],
      [endpointDefaults.issuer, endpointDefaults.issuer],
    ];
    for (const [setting, identifier] of identifiers) assert.equal(issuerIdentifier("issuer", setting), identifier);
    assert.throws(() => issuerIdentifier("issuer", "http://id.example/"), { code: "badSetting" });
  });

  it("tells a changed setting from another spelling of the same address", () => {
    assert.equal(isDefaultEndpoint("apiBaseUrl", " https://api.openai.com:443/v1/ "), true);
    assert.equal(isDefaultEndpoint("issuer", "https://Auth.OpenAI.com/"), true);
    for (const value of ["https://api.openai.com", "http://api.openai.com/v1", "", undefined, 7]) {
      assert.equal(isDefaultEndpoint("apiBaseUrl", value), false, String(value));
    }
  });
});
