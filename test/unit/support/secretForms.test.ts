import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Secret } from "../../issuer/types.ts";
import { SecretSearch } from "../../support/leaks/secretForms.ts";

const secretsIn = (text: string, of: readonly Secret[]) => new SecretSearch(of).kindsIn(text);
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = { iss: "https://issuer.example", sub: "auth0|ada?~", email: "ada@example.com", exp: 1_900_000_000 };
const token = `${part({ alg: "RS256", kid: "1" })}.${part(claims)}.${randomBytes(256).toString("base64url")}`;
const secrets: readonly Secret[] = [
  { kind: "access_token", value: token },
  { kind: "refresh_token", value: `rt_${randomBytes(40).toString("base64url")}` },
  { kind: "derived_key", value: `sk-proj-${randomBytes(60).toString("base64url")}` },
  { kind: "api_key", value: "sess->>>~~~???/with+other.characters=?~>?~>?~>" },
  { kind: "user_code", value: "AB12-CD345" },
];

const lines = (text: string, between: string) => text.replace(/.{7}/g, (run) => `${run}${between}`);
const base64Lines = (text: string) => lines(Buffer.from(text).toString("base64"), "\r\n ");
const swapped = (text: string) => Buffer.from(text, "utf16le").swap16().toString("latin1");

const inJson = (text: string) => text.replace(/[^a-z]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);

/** How a secret may look in what somebody reads, stores or sends. */
const forms: Readonly<Record<string, (secret: string) => string>> = {
  "as it is": (secret) => secret,
  "in a sentence": (secret) => `The token ${secret}, which`,
  "in base64": (secret) => Buffer.from(secret).toString("base64"),
  "in base64url": (secret) => Buffer.from(secret).toString("base64url"),
  "in base64, after one character": (secret) => Buffer.from(`:${secret}`).toString("base64"),
  "in base64, after two characters, with more": (secret) => Buffer.from(`u:${secret}, and so on`).toString("base64"),
  "in base64 over lines": base64Lines,
  "in base64 of UTF-16": (secret) => Buffer.from(`a${secret}`, "utf16le").toString("base64"),
  "in base64 in a URL": (secret) => `?a=${encodeURIComponent(Buffer.from(`ab${secret}`).toString("base64"))}`,
  "in hexadecimal digits": (secret) => Buffer.from(secret).toString("hex"),
  "in capital hexadecimal digits": (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
  "in a URL": (secret) => `https://example.com/?key=${encodeURIComponent(secret)}&more`,
  "in a URL, each character": (secret) => Buffer.from(secret).toString("hex").replace(/../g, "%$&"),
  "in a URL in a URL": (secret) => encodeURIComponent(Buffer.from(secret).toString("hex").replace(/../g, "%$&")),
  "in JSON": (secret) => JSON.stringify({ a: { value: secret } }),
  "in JSON, with escapes": (secret) => inJson(secret),
  "in JSON in JSON": (secret) => JSON.stringify(JSON.stringify({ value: `a/"${secret.replaceAll("/", "\\/")}"` })),
  "in JSON in a URL in JSON": (secret) =>
    inJson(`%${Buffer.from(inJson(secret)).toString("hex").match(/../g)?.join("%")}`),
  "in HTML": (secret) => secret.replace(/\W/g, (one) => `&#x${one.charCodeAt(0).toString(16)};`),
  "in HTML, in decimal": (secret) => secret.replace(/./g, (one) => `&#${one.charCodeAt(0)};`),
  "in UTF-16 of little-endian": (secret) => Buffer.from(`{"${secret}`, "utf16le").toString("latin1"),
  "in UTF-16 of big-endian": swapped,
  "in JSON in UTF-16": (secret) => swapped(JSON.stringify({ value: secret })),
  "split over two lines": (secret) => `${secret.slice(0, 9)}\n${secret.slice(9)}`,
  "split over lines with an indent": (secret) => lines(secret, "\r\n\t  "),
  "split over lines in a string": (secret) => JSON.stringify(lines(secret, "\n")),
  "split over lines of a program": (secret) => lines(secret, "\\\n"),
};

/** As much of a secret as counts as the secret. */
const parts: Readonly<Record<string, (secret: string) => string>> = {
  "the whole": (secret) => secret,
  "its first 20 characters": (secret) => secret.slice(0, 20),
  "its last 20 characters": (secret) => secret.slice(-20),
};

describe("the search for secrets", () => {
  for (const [form, write] of Object.entries(forms))
    for (const [what, take] of Object.entries(parts))
      it(`finds ${what} ${form}`, () => {
        for (const secret of secrets) assert.deepEqual(secretsIn(write(take(secret.value)), [secret]), [secret.kind]);
      });

  const payload = token.split(".")[1] ?? "";
  for (const [form, write] of Object.entries(forms))
    it(`finds a token's payload alone ${form}`, () => {
      assert.deepEqual(secretsIn(write(payload), secrets), ["access_token"]);
    });

  it("finds a token's payload that somebody has decoded", () => {
    for (const text of [
      JSON.stringify(claims),
      JSON.stringify(claims, null, 2),
      JSON.stringify(JSON.stringify(claims)),
    ])
      assert.deepEqual(secretsIn(`Claims: ${text}`, secrets), ["access_token"], text);
  });

  it("finds it in the middle of a database", () => {
    const noise = randomBytes(100_000).toString("latin1");
    for (const { kind, value } of secrets) assert.deepEqual(secretsIn(`${noise}${value}${noise}`, secrets), [kind]);
  });

  it("names every kind once", () => {
    const all = secrets.map(({ value }) => `${value} ${value}`).join("\n");
    assert.deepEqual(
      secretsIn(all, secrets),
      secrets.map(({ kind }) => kind),
    );
  });

  it("finds none in what only resembles one", () => {
    const others = [
      "",
      "sk-…0000",
      `sk-proj-${randomBytes(60).toString("base64url")}`,
      `rt_${randomBytes(40).toString("base64url")}`,
      token.slice(0, 19),
      token.slice(-19),
      JSON.stringify({ sub: claims.sub, email: claims.email, exp: claims.exp }),
      "AB12 CD34",
      "%zz&#xffffffff;&#99999999;\\u12",
      randomBytes(10_000).toString("base64"),
    ];
    for (const text of others) assert.deepEqual(secretsIn(text, secrets), [], text.slice(0, 80));
  });
});
