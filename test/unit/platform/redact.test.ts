import assert from "node:assert/strict";
import fc from "fast-check";
import { createLogger } from "../../../src/platform/logger.ts";
import { redact } from "../../../src/platform/redact.ts";
import { withinSeconds } from "../../support/withinSeconds.ts";

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

  it("keeps a line one line, in its order", () => {
    assert.equal(redact("a\u0000b\u001b[31mc\r"), "a b [31mc ");
    assert.equal(redact("a\u0085b\u2028c\u2029d\u202ee\u2066f\u200f"), "a b c d e f ");
  });

  it("hides a value to its quote, or to the end of its line", () => {
    assert.equal(redact('{"code":"a\\"b", "next":"c"}'), '{"code":"<secret>", "next":"c"}');
    assert.equal(redact("state: 'a\"b' x"), "state: '<secret>' x");
    assert.equal(redact('"token" : "cut off\nnext'), '"token" : "<secret>\nnext');
    assert.equal(redact('"key":"a\\\nnext "key":"b"'), '"key":"<secret>\nnext "key":"<secret>"');
  });

  it("takes time in proportion to a line, however long it is", () => {
    const units = [
      "a",
      "a-",
      "-",
      ".",
      "eyJaaaaaa.",
      "eyJ",
      "rt_",
      "at-",
      "sk-",
      "Bearer ",
      " ",
      "\\",
      "code=",
      "code:",
      '"key":"',
    ];
    const starts = ["", '"code":"', "code=", "Bearer ", "eyJ", "rt_"];
    for (const unit of units) {
      for (const start of starts) {
        const line = start + unit.repeat(1_000_000 / unit.length);
        withinSeconds(10, () => redact(line));
      }
    }
    // More than the stack of a regular expression holds.
    assert.equal(redact(`"code":"${"\\a".repeat(8_000_000)}`), '"code":"<secret>');
  });

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
