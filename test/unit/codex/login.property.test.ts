import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCredential } from "../../../src/account/credential.ts";
import { accountOf, credentialOf, readLoginFromText } from "../../../src/codex/login.ts";
import { createLogger, describeError } from "../../../src/platform/logger.ts";
import { Problem } from "../../../src/shared/problem.ts";
import { current, jwt } from "./authFile/authTexts.ts";

const canary = "Canary7Canary";
const part = fc.oneof(
  fc.constant(jwt({ email: "ada@example.com", jti: canary, exp: 1_800_000_000 })),
  fc.constant(`rt.${canary}`),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => canary + text),
  fc.constantFrom(null, 0, undefined),
);
const nearly = fc.record(
  {
    auth_mode: fc.constantFrom("chatgpt", "apikey", null, canary),
    OPENAI_API_KEY: part,
    tokens: fc.record({ id_token: part, access_token: part, refresh_token: part, account_id: part }),
    last_refresh: fc.oneof(part, fc.constant(current.last_refresh)),
  },
  { requiredKeys: [] },
);
const texts = fc.oneof(
  fc.string({ unit: "binary" }).map((text) => text + canary),
  fc.json().map((text) => `{"${canary}":${text}}`),
  nearly.map((value) => JSON.stringify(value)),
  nearly.map((value) => JSON.stringify(value, null, 2).replaceAll("\n", "")),
);

describe("importing any text", () => {
  it("ends in a record or in a sentence, and what is logged of it holds nothing of it", () => {
    let records = 0;
    fc.assert(
      fc.property(texts, (text) => {
        const lines: string[] = [];
        const write = (line: string) => lines.push(line);
        const log = createLogger(() => ({ debug: write, info: write, warn: write, error: write }));
        try {
          const { file } = readLoginFromText(text);
          if (file.tokens?.refreshToken) {
            const credential = credentialOf(file, undefined, "https://auth.openai.com", 1_790_000_000_000);
            assert.equal(credential.id, accountOf(file, "https://auth.openai.com"));
            assert.equal(parseCredential(JSON.stringify(credential)).status, "found");
            records++;
          }
        } catch (error) {
          assert.ok(error instanceof Problem, describeError(error));
          log.error(`Importing failed: ${describeError(error)} ${error.message}`);
        }
        assert.doesNotMatch(lines.join("\n"), new RegExp(canary));
      }),
      { numRuns: 2000 },
    );
    assert.ok(records > 10, `only ${records} of the texts became a record`);
  });
});
