import assert from "node:assert/strict";
import fc from "fast-check";
import { createLogger } from "../../../src/platform/logger.ts";
import { redact } from "../../../src/platform/redact.ts";

const canary = "cAnArY0123456789abcdefABCDEF";
const jwt = `eyJhbGciOiJub25lIn0.eyJzdWIiOiJ${canary}.${canary}`;

describe("redact", () => {
  const lines = [
    `token ${jwt}`,
    `Authorization: Bearer ${canary}`,
    `authorization=Basic ${canary}=`,
    `key sk-${canary} and sess-${canary}`,
    `sk-proj-${canary}_${canary}`,
    `refresh rt.${canary}.${canary}`,
    `pat at-${canary}`,
    `GET /auth/callback?code=${canary}&state=${canary} HTTP/1.1`,
    `https://example.com/?id_token=${canary}#x`,
    `grant_type=refresh_token&refresh_token=${canary}`,
    `code_verifier=${canary}`,
    JSON.stringify({ access_token: canary, refresh_token: canary, nested: { id_token: canary } }),
    JSON.stringify({ api_key: canary, user_code: canary, device_auth_id: canary }, null, 2),
    `{'password': '${canary}'}`,
    `{ code: "${canary}" }`,
    `{"access_token":"${canary}`,
    `an opaque ${canary}${canary} value`,
  ];
  for (const line of lines) {
    it(`hides the secret of: ${line.replaceAll(canary, "…").replaceAll("\n", " ").slice(0, 60)}`, () => {
      assert.ok(!redact(line).includes(canary), redact(line));
    });
  }

  it("keeps ordinary words", () => {
    const line = "Sign-in failed: Problem exchangeRefused (400 invalid_grant request req-1234)";
    assert.equal(redact(line), line);
  });

  it("keeps a line one line", () => assert.equal(redact("a\u0000b\u001b[31mc\r"), "a b [31mc "));

  it("hides a token in any text", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => !redact(`${before} ${jwt} ${after}`).includes(canary)),
    );
  });

  it("works for every line of the logger", () => {
    const written: string[] = [];
    const write = (line: string) => written.push(line);
    const log = createLogger(() => ({ debug: write, info: write, warn: write, error: write }));
    log.debug(jwt);
    log.info(jwt);
    log.warn(jwt);
    log.error(jwt);
    assert.deepEqual(written, ["<jwt>", "<jwt>", "<jwt>", "<jwt>"]);
  });
});
