import assert from "node:assert/strict";
import { authFileLimits, parseAuthFile } from "../../../../src/codex/authFile/parse.ts";
import { authFileProblem } from "../../../../src/codex/problems.ts";
import { accessExpiresAt, canary, current, idClaims, jwt, lastRefresh, tokens, without } from "./authTexts.ts";

const json = (value: unknown) => JSON.stringify(value);
const withTokens = (change: object) => json({ ...current, tokens: { ...tokens, ...change } });
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const pad = (length: number) => "x".repeat(length);

/** name, text, expected: `mode [account] [key] [norefresh]` of a usable file, or the reason it is not one. */
const table: readonly (readonly [string, string, string])[] = [
  ["of CLI 0.169", json(current), "chatgpt acc-claim key"],
  ["pretty-printed", JSON.stringify(current, null, 2), "chatgpt acc-claim key"],
  ["with CRLF", JSON.stringify(current, null, 2).replaceAll("\n", "\r\n"), "chatgpt acc-claim key"],
  ["with a byte order mark", `\uFEFF${json(current)}`, "chatgpt acc-claim key"],
  [
    "with a byte order mark and CRLF",
    `\uFEFF${JSON.stringify(current, null, "\t").replaceAll("\n", "\r\n")}\r\n`,
    "chatgpt acc-claim key",
  ],
  [
    "of our export",
    json({ auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens, last_refresh: lastRefresh }),
    "chatgpt acc-claim",
  ],
  ["old, without auth_mode", json({ OPENAI_API_KEY: null, tokens, last_refresh: lastRefresh }), "chatgpt acc-claim"],
  ["old, without auth_mode and key", json({ tokens }), "chatgpt acc-claim"],
  ["auth_mode null", json({ auth_mode: null, tokens }), "chatgpt acc-claim"],
  ["an empty key", json({ OPENAI_API_KEY: "", tokens }), "chatgpt acc-claim"],
  ["account_id absent", json({ tokens: without(tokens, "account_id") }), "chatgpt acc-claim"],
  ["account_id null", withTokens({ account_id: null }), "chatgpt acc-claim key"],
  ["account_id empty", withTokens({ account_id: "" }), "chatgpt acc-claim key"],
  [
    "account id only in the access token",
    withTokens({ account_id: null, id_token: jwt({ email: "a@b.c" }) }),
    "chatgpt acc-access key",
  ],
  ["account id nowhere", withTokens({ account_id: null, id_token: jwt({}), access_token: jwt({}) }), "chatgpt - key"],
  [
    "an account id in the claims that no header can hold",
    withTokens({ account_id: null, id_token: jwt({ "https://api.openai.com/auth": { chatgpt_account_id: "a\nb" } }) }),
    "unusableCharacters",
  ],
  ["an opaque access token", withTokens({ access_token: "opaque" }), "chatgpt acc-claim key"],
  ["an empty refresh token", withTokens({ refresh_token: "" }), "chatgpt acc-claim key norefresh"],
  ["an API key", json({ auth_mode: "apikey", OPENAI_API_KEY: canary.key }), "apiKey - key"],
  ["old, an API key alone", json({ OPENAI_API_KEY: canary.key }), "apiKey - key"],
  [
    "old, an API key and null tokens",
    json({ OPENAI_API_KEY: canary.key, tokens: null, last_refresh: null }),
    "apiKey - key",
  ],
  ["old, both key and tokens", json(without(current, "auth_mode")), "apiKey acc-claim key"],
  ["apikey with tokens left over", json({ ...current, auth_mode: "apikey" }), "apiKey acc-claim key"],
  [
    "claims of wrong types",
    withTokens({ id_token: jwt({ email: 7, exp: "x", "https://api.openai.com/auth": [] }) }),
    "chatgpt acc-access key",
  ],
  ["unknown keys", json({ ...current, future: { deep: [1, 2.5, null] } }), "chatgpt acc-claim key"],
  ["an unknown key twice", `{"x":1,"x":2,${json(current).slice(1)}`, "chatgpt acc-claim key"],
  [
    "a __proto__ key",
    `{"__proto__":{"auth_mode":"apikey","polluted":1},${json(current).slice(1)}`,
    "chatgpt acc-claim key",
  ],
  [
    "a constructor key",
    `{"constructor":{"prototype":{"polluted":1}},${json(current).slice(1)}`,
    "chatgpt acc-claim key",
  ],
  ["a nonsensical last_refresh", json({ ...current, last_refresh: "yesterday" }), "chatgpt acc-claim key"],
  ["last_refresh a number", json({ ...current, last_refresh: 5 }), "chatgpt acc-claim key"],
  ["apikey without a key", json({ auth_mode: "apikey", tokens }), "noCredential"],
  ["chatgpt without tokens", json({ auth_mode: "chatgpt", OPENAI_API_KEY: canary.key }), "incompleteTokens"],
  ["nothing in it", "{}", "noCredential"],
  ["after a sign-out", json({ OPENAI_API_KEY: null, tokens: null }), "noCredential"],
  ["no id_token", json({ tokens: without(tokens, "id_token") }), "incompleteTokens"],
  ["no access_token", json({ tokens: without(tokens, "access_token") }), "incompleteTokens"],
  ["no refresh_token", json({ tokens: without(tokens, "refresh_token") }), "incompleteTokens"],
  ["empty tokens", json({ tokens: {} }), "incompleteTokens"],
  ["an id_token of one part", withTokens({ id_token: "abc" }), "invalidIdToken"],
  ["an id_token of two parts", withTokens({ id_token: "a.b" }), "invalidIdToken"],
  ["an id_token of five parts", withTokens({ id_token: "a.b.c.d.e" }), "invalidIdToken"],
  ["an id_token that is not base64", withTokens({ id_token: "a.!!.c" }), "invalidIdToken"],
  ["an id_token whose payload is a list", withTokens({ id_token: jwt([1]) }), "invalidIdToken"],
  [
    "an access token with a line break",
    withTokens({ access_token: `${canary.refresh}\r\nX-Evil: 1` }),
    "unusableCharacters",
  ],
  ["a refresh token with a NUL", withTokens({ refresh_token: "rt.\u0000" }), "unusableCharacters"],
  ["a key with an umlaut", json({ OPENAI_API_KEY: "sk-ä" }), "unusableCharacters"],
  ["a personal access token", json({ personal_access_token: "at-canary" }), "unsupportedKind personalAccessToken"],
  ["the mode personalAccessToken", json({ auth_mode: "personalAccessToken" }), "unsupportedKind personalAccessToken"],
  ["an agent identity", json({ agent_identity: "eyJ.a.b" }), "unsupportedKind agentIdentity"],
  [
    "the mode agentIdentity",
    json({ auth_mode: "agentIdentity", agent_identity: { email: "x" } }),
    "unsupportedKind agentIdentity",
  ],
  ["a Bedrock key", json({ bedrock_api_key: { api_key: canary.key, region: "eu" } }), "unsupportedKind bedrock"],
  ["the mode bedrockApiKey", json({ auth_mode: "bedrockApiKey" }), "unsupportedKind bedrock"],
  ["Bedrock access keys", json({ bedrock_access_keys: {} }), "unsupportedKind bedrock"],
  [
    "the mode chatgptAuthTokens",
    json({ ...current, auth_mode: "chatgptAuthTokens" }),
    "unsupportedKind chatgptAuthTokens",
  ],
  ["the mode headers", json({ auth_mode: "headers" }), "unsupportedKind headers"],
  ["a mode of tomorrow", json({ ...current, auth_mode: canary.key }), "unsupportedKind unknown"],
  ["a mode in another case", json({ ...current, auth_mode: "ChatGPT" }), "unsupportedKind unknown"],
  ["the mode __proto__", json({ ...current, auth_mode: "__proto__" }), "unsupportedKind unknown"],
  ["auth_mode a number", json({ ...current, auth_mode: 1 }), "wrongShape"],
  ["the key an object", json({ OPENAI_API_KEY: {}, tokens }), "wrongShape"],
  ["the tokens a list", json({ tokens: [tokens] }), "wrongShape"],
  ["the tokens a text", json({ tokens: canary.refresh }), "wrongShape"],
  ["account_id a number", withTokens({ account_id: 5 }), "wrongShape"],
  ["a token that is an object", withTokens({ access_token: {} }), "wrongShape"],
  ["a list", json([current]), "wrongShape"],
  ["null", "null", "wrongShape"],
  ["a text in quotes", json(canary.key), "wrongShape"],
  ["a number", "1e400", "wrongShape"],
  ["empty", "", "empty"],
  ["white space", " \r\n\t", "empty"],
  ["a byte order mark alone", "\uFEFF", "empty"],
  ["a web page", `<!doctype html><title>${canary.key}</title>`, "html"],
  ["half written", json(current).slice(0, 200), "notJson"],
  ["a bare key", canary.key, "notJson"],
  ["a comment in it", `{/* */${json(current).slice(1)}`, "notJson"],
  ["a trailing comma", `${json(current).slice(0, -1)},}`, "notJson"],
  ["two documents", `${json(current)}${json(current)}`, "notJson"],
  ["TOML", "cli_auth_credentials_store = 'file'", "notJson"],
  ["the tokens twice", `{"tokens":null,${json(current).slice(1)}`, "duplicateKeys"],
  ["the tokens twice, once escaped", `{"to\\u006bens":null,${json(current).slice(1)}`, "duplicateKeys"],
  [
    "an access token twice",
    json({ tokens }).replace('"access_token"', '"access_token":"x","access_token"'),
    "duplicateKeys",
  ],
  ["the mode twice", `{"auth_mode":"apikey",${json(current).slice(1)}`, "duplicateKeys"],
  ["deeper than the limit", `{"x":${nested(authFileLimits.depth)}}`, "tooDeep"],
  ["half a million levels", nested(authFileLimits.bytes / 2), "tooDeep"],
  ["half a million levels, not closed", "[".repeat(authFileLimits.bytes / 2), "tooDeep"],
  ["a hundred thousand objects", '{"a":'.repeat(100_000), "tooDeep"],
  ["brackets in a text", json({ ...current, x: nested(100) }), "chatgpt acc-claim key"],
  ["quotes and backslashes in a text", json({ ...current, x: '\\"[[['.repeat(50) }), "chatgpt acc-claim key"],
  ["a text beyond the limit", json({ ...current, x: pad(authFileLimits.stringLength + 1) }), "stringTooLong"],
  ["a text beyond the limit, not closed", `{"x":"${pad(authFileLimits.stringLength + 1)}`, "stringTooLong"],
  ["a file beyond the limit", `${json(current)}${" ".repeat(authFileLimits.bytes)}`, "tooLarge"],
  ["a file beyond the limit in bytes only", `"${"€".repeat(authFileLimits.bytes / 2)}"`, "tooLarge"],
];

describe("auth.json", () => {
  it("is tried in more than 40 shapes", () => {
    assert.ok(table.length > 40);
    assert.equal(new Set(table.map(([name]) => name)).size, table.length);
  });

  for (const [name, text, expected] of table) {
    it(`${name}: ${expected}`, () => {
      const result = parseAuthFile(text);
      assert.equal(summary(result), expected);
      if (!result.ok) {
        const said = JSON.stringify(result) + authFileProblem(result.problem).message;
        assert.doesNotMatch(said, /canary/);
        assert.match(
          authFileProblem(result.problem).message,
          /\. .*(Run|Choose|Sign in|sign in|Update)|, then try again\.$/,
        );
      }
    });
  }

  it("gives the tokens, the claims and the times as they stand", () => {
    const result = parseAuthFile(json(current));
    assert.deepEqual(result, {
      ok: true,
      file: {
        mode: "chatgpt",
        tokens: {
          idToken: tokens.id_token,
          accessToken: tokens.access_token,
          refreshToken: canary.refresh,
          workspaceId: "acc-claim",
        },
        apiKey: canary.key,
        identity: { email: "ada@example.com", plan: "plus", userId: "user-1" },
        accessTokenExpiresAt: accessExpiresAt,
        lastRefresh: Date.parse("2026-11-20T20:41:36.232Z"),
      },
    });
  });

  it("takes the email of the profile claim and the older user id", () => {
    const claims = {
      "https://api.openai.com/profile": { email: "p@example.com" },
      "https://api.openai.com/auth": { user_id: "user-old" },
    };
    const result = parseAuthFile(withTokens({ id_token: jwt(claims) }));
    assert.ok(result.ok);
    assert.deepEqual(result.file.identity, { email: "p@example.com", plan: undefined, userId: "user-old" });
  });

  it("knows no expiry from a claim that is no time", () => {
    for (const exp of [-1, 0, 1e300, "1790000000", null]) {
      const result = parseAuthFile(withTokens({ access_token: jwt({ ...idClaims, exp }) }));
      assert.ok(result.ok);
      assert.equal(result.file.accessTokenExpiresAt, undefined, String(exp));
    }
  });

  it("leaves every object's prototype alone", () => {
    parseAuthFile('{"__proto__":{"polluted":1},"tokens":{"__proto__":{"polluted":1}}}');
    assert.equal(Reflect.get({}, "polluted"), undefined);
  });
});

function summary(result: ReturnType<typeof parseAuthFile>): string {
  if (!result.ok) {
    const { problem } = result;
    return problem.reason === "unsupportedKind" ? `${problem.reason} ${problem.kind}` : problem.reason;
  }
  const { file } = result;
  const words = [file.mode, file.tokens?.workspaceId ?? "-"];
  if (file.apiKey) words.push("key");
  if (file.tokens && !file.tokens.refreshToken) words.push("norefresh");
  return words.join(" ");
}
