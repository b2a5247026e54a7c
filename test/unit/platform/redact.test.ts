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

  /** `text` as a string in JSON, that in another, and so on. */
  const nested = (text: string, depth: number): string =>
    depth === 0 ? text : JSON.stringify(nested(text, depth - 1));
  const plain = "correct-horse";
  const names = [
    ...["access_token", "refresh_token", "id_token", "subject_token", "api_key", "apiKey", "refreshToken", "idToken"],
    ...["client_secret", "code_verifier", "codeVerifier", "user_code", "password", "authorization_code", "x-api-key"],
    ...["SESSION_TOKEN", "Cookie", "set-cookie", "Authorization", "openaiApiKey", "nextRefreshToken", "bearerToken"],
    ...["OPENAI_KEY", "private_key", "privateKey", "secretKey", "access_key", "passphrase", "sslPassphrase"],
  ];
  const usual = ["code", "state", "key", "token", "secret"];
  const forms: readonly [what: string, form: (name: string, value: string) => string][] = [
    ["a query", (name, value) => `https://id.example/?a=b&${name}=${value}&c=d`],
    ["a query's list", (name, value) => `?${name}[]=${value}&${name}[0]=${value}&${name}[a][b]=${value}`],
    ["an encoded query", (name, value) => encodeURIComponent(`?a=b&${name}=${value}&c=d`)],
    ["a query encoded twice", (name, value) => encodeURIComponent(encodeURIComponent(`?a=b&${name}=${value}`))],
    ["an encoded list", (name, value) => `${name}%5B%5D=${value}&${name}%5b0%5d%3d${value}`],
    ["a query in HTML", (name, value) => `<a href="/?a=b&amp;${name}=${value}&amp;c=d">`],
    ["JSON", (name, value) => `{"a":1,"${name}":"${value}","b":2}`],
    ["JSON's list", (name, value) => `{"${name}": ["${value}", "${value}"]}`],
    ["JSON within JSON", (name, value) => nested(`{"${name}": "${value} x"}`, 1)],
    ["JSON within JSON within JSON", (name, value) => nested(JSON.stringify({ a: "b", [name]: `"${value} x` }), 1)],
    ["JSON four times", (name, value) => nested(`{"${name}":"${value}"}`, 4)],
    ["JSON in a query", (name, value) => encodeURIComponent(`{"${name}":"${value}"}`)],
    ["JSON in an encoded query", (name, value) => encodeURIComponent(encodeURIComponent(`{"${name}": "${value}"}`))],
    ["JSON within JSON in a query", (name, value) => encodeURIComponent(nested(`{"${name}":"${value}"}`, 1))],
    [
      "JSON in HTML",
      (name, value) => `{&quot;${name}&quot;:&quot;${value}&quot;,&#34;${name}&#34;:&#34;${value}&#34;}`,
    ],
    ["values of several words in HTML", (name, value) => `{&quot;${name}&quot;:&quot;a b\\&quot; ${value}&quot;}`],
    ["attributes in HTML", (name, value) => `${name}=&quot;a ${value}&quot; ${name}=&apos;a ${value}&apos;`],
    ["JSON whose quotes are escaped", (name, value) => `{"${name}":"${value}"}`.replaceAll('"', "\\u0022")],
    ["JSON in which all is escaped", (name, value) => `\\u0022${name}\\u0022\\u003a\\u0022a \\\\u0022${value}\\u0022`],
    ["a query whose signs are escaped", (name, value) => `a\\u003db\\u0026${name}\\u003d${value}\\u0026c`],
    ["an object within JSON", (name, value) => `{"${name}":{"a":{"b":1},"value":"${value}"},"c":1}`],
    ["an object over several lines", (name, value) => JSON.stringify({ [name]: { a: { b: 1 }, value } }, null, 2)],
    ["an object within an object", (name, value) => `{ ${name}: { a: 1, value: '${value}' } }`],
    ["a block of YAML", (name, value) => `a: b\n${name}: >-\n  a\n  ${value}\nc: d`],
    ["a literal block of YAML", (name, value) => `${name}: |2+ \n  ${value}`],
    ["XML with attributes", (name, value) => `<a:${name} b="c">x ${value}</a:${name}>`],
    ["lines in JSON", (name, value) => JSON.stringify(`a=b\n${name}=${value}\nc=d`)],
    ["an object of JavaScript", (name, value) => `{ '${name}': '${value} x', b: 1 }`],
    ["a template", (name, value) => `${name}: \`${value}\``],
    ["an assignment", (name, value) => `${name} = ${value}`],
    ["an arrow", (name, value) => `${name} => ${value}`],
    ["XML", (name, value) => `<${name}>${value}</${name}>`],
    ["raw headers", (name, value) => `[ '${name}', '${value} x' ]`],
  ];
  const openForms: typeof forms = [
    ["YAML", (name, value) => `a: b\n  ${name}: ${value}\nc: d`],
    ["a header of several parts", (name, value) => `${name}: a=1; ${value}; Path=/, ${value}`],
    ["XML that is cut off", (name, value) => `<${name}>${value}`],
    ["JSON without quotes", (name, value) => `{"${name}":${value},"b":2}`],
  ];
  for (const [what, form] of [...forms, ...openForms]) {
    it(`hides a secret in ${what}`, () => {
      for (const name of [...names, ...(openForms.some(([open]) => open === what) ? [] : usual)]) {
        const line = form(name, plain);
        assert.ok(line.includes(plain) && !redact(line).includes(plain), `${line} → ${redact(line)}`);
      }
    });
  }

  it("changes nothing of what it has made", () => {
    for (const [, form] of [...forms, ...openForms]) {
      for (const name of [...names, ...usual]) {
        const once = redact(form(name, plain));
        assert.equal(redact(once), once);
      }
    }
    for (const line of [
      ...lines,
      `(Bearer ${canary}), x`,
      "password: {a} b",
      "password: [a] b",
      'cookie: "a b" c',
      `Bearer ${canary}</p>`,
    ]) {
      const once = redact(line);
      assert.equal(redact(once), once);
    }
  });

  it("keeps what is neither a secret nor has a secret's name", () => {
    for (const line of [
      "state > failed",
      "Code > Preferences > Settings",
      "the code -> 7, the token>x, key >= 3",
      "<p>state</p> <b>failed</b>",
      "errorCode=404&exitCode=1&monkey=2",
      "passwords: 3, tokens: 5",
      "<code> for <key> and <token> x",
    ])
      assert.equal(redact(line), line);
    assert.equal(redact("Bearer abcdefgh for account x"), "Bearer <token> for account x");
    assert.equal(redact("rt.abcdefghij > sk-abcdefghij, x"), "<token> > <key>, x");
    assert.equal(redact("authorization=Bearer a b"), "authorization=<secret> b");
    assert.equal(redact("<token>a b</token> c"), "<token><secret></token> c");
    assert.equal(redact("<password>a b"), "<password><secret> b");
    assert.equal(redact('{"token":{"a":{"b":"c"}},"d":"e"}'), '{"token":<secret>,"d":"e"}');
    assert.equal(redact("password=&quot;a b&quot; c"), "password=&quot;<secret>&quot; c");
    assert.equal(redact("password: >-\n  a\n  b\nc: d"), "password: <secret>\nc: d");
    assert.equal(redact("<key code='a'>b</key>"), "<key code='<secret>'><secret></key>");
  });

  it("hides what is after a usual word and a colon where that looks like a secret", () => {
    for (const name of usual) {
      for (const value of [canary, "0123456789abcdef0123", "abcdefghijklmnopqrst"])
        assert.equal(redact(`${name}: ${value}, x`), `${name}: <secret>, x`);
      assert.equal(redact(`${name}: EACCES (400)`), `${name}: EACCES (400)`);
    }
    assert.equal(
      redact('{"refresh_token":null,"id_token":false,"code":400}'),
      '{"refresh_token":null,"id_token":false,"code":400}',
    );
  });

  it("leaves what follows a secret", () => {
    assert.equal(redact(nested('{"code":"x y","b":1}', 1)), '"{\\"code\\":\\"<secret>\\",\\"b\\":1}"');
    assert.equal(redact("a\nrefresh_token: x y\nb: c"), "a\nrefresh_token: <secret>\nb: c");
    assert.equal(redact('{"key":["a","b"],"c":"d"}'), '{"key":<secret>],"c":"d"}');
    assert.equal(redact("?code=a&b=c"), "?code=<secret>&b=c");
  });

  it("hides hexadecimal and base64url texts of 40 characters or more, and no names, paths and ids", () => {
    const secrets = [
      "0123456789abcdef".repeat(3),
      "0123456789ABCDEF".repeat(3),
      `${canary}_-${canary}`,
      `ab12${"x".repeat(36)}`,
    ];
    for (const secret of secrets) assert.equal(redact(`a ${secret} b`), "a <opaque> b");
    for (const kept of [
      "/home/ada/src/a-project-whose-name-has-many-words-and-number-12/out/file.js",
      "123e4567-e89b-12d3-a456-426614174000",
      "API key 0123456789ab",
      "chatgpt-sign-in-lock-of-the-refresh-of-account-7",
    ])
      assert.equal(redact(kept), kept);
  });

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
      "key",
      "key[",
      "%25",
      "%22",
      "25",
      '\\"',
      'key\\"',
      "key: ",
      "cookie: \n",
      "key=[",
      "key,",
      "key ",
      "&quot;",
      "auth",
      "<",
      "<key ",
      "<key>",
      "<password>",
      "{",
      "key:{",
      "\\u0022",
      "\\u003d",
      "key=&quot;\n",
      "key: |\n ",
      "aKey",
    ];
    const starts = ["", '"code":"', '\\"code\\":\\"', "code=", "code", "cookie:", "Bearer ", "eyJ", "rt_"];
    for (const unit of units) {
      for (const start of starts) {
        const line = start + unit.repeat(100_000 / unit.length);
        withinSeconds(10, () => redact(line));
      }
    }
    // More than the stack of a regular expression holds.
    assert.equal(redact(`"code":"${"\\a".repeat(8_000_000)}`), '"code":"<secret>');
    assert.equal(redact(`<code>${"a ".repeat(8_000_000)}</code>`), "<code><secret></code>");
    assert.equal(redact(`password:{${"a ".repeat(8_000_000)}`), "password:<secret>");
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
