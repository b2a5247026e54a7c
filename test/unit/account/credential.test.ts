import assert from "node:assert/strict";
import fc from "fast-check";
import { type Credential, parseCredential, serializeCredential } from "../../../src/account/credential.ts";
import { SecretStore } from "../../../src/account/secretStore.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";

const credential: Credential = {
  version: 2,
  id: "0123456789abcdef",
  origin: "own",
  issuer: "https://auth.openai.com",
  tokens: { idToken: "i", accessToken: "a", refreshToken: "r" },
  sequence: 3,
  signedInAt: 1,
  receivedAt: 2,
  clockOffset: 0,
  derivedKey: { status: "absent", why: "pending" },
};
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
/** A token that names a ChatGPT workspace. */
const naming = (workspace: string) =>
  `${encode({ alg: "none" })}.${encode({ "https://api.openai.com/auth": { chatgpt_account_id: workspace } })}.c2ln`;
const unsendable: readonly object[] = [
  ...["a\r\nX: 1", "a b", "é", "a\u0000"].flatMap((text) => [
    { tokens: { ...credential.tokens, accessToken: text } },
    { tokens: { ...credential.tokens, idToken: naming(text) } },
    { tokens: { ...credential.tokens, accessToken: naming(text) } },
    { derivedKey: { status: "present", key: text, createdAt: 1 } },
  ]),
];
const reasons = ["expired", "reused", "revoked", "rejected"] as const;

describe("A stored credential", () => {
  it("keeps the reason for which its refresh token was rejected", () => {
    for (const rejected of reasons) {
      const text = serializeCredential({ ...credential, rejected });
      assert.deepEqual(parseCredential(text), { status: "found", credential: { ...credential, rejected } });
    }
  });

  it("is found without its reason when that is unknown: earlier versions stored such", () => {
    // What an object's own `__proto__`, `constructor` and `toString` look like once they are JSON.
    const stored = [{}, null, [], "", "else", "__proto__", 0, true, { rejected: "expired" }];
    for (const rejected of stored) {
      const text: string = JSON.stringify({ ...credential, rejected });
      assert.deepEqual(parseCredential(text), { status: "found", credential }, text);
    }
    const old = { ...credential, rejected: Object.prototype };
    assert.deepEqual(parseCredential(JSON.stringify(old)), { status: "found", credential });
  });

  it("is found whatever the reason is", () =>
    fc.assert(
      fc.property(fc.jsonValue(), (rejected) => {
        const parsed = parseCredential(JSON.stringify({ ...credential, rejected }));
        assert.equal(parsed.status, "found");
      }),
    ));

  it("is unreadable with what no header can hold", () => {
    for (const change of unsendable) {
      assert.deepEqual(parseCredential(JSON.stringify({ ...credential, ...change })), { status: "corrupt" });
    }
    const odd = { ...credential, tokens: { ...credential.tokens, refreshToken: "a refresh token\né" } };
    assert.equal(parseCredential(JSON.stringify(odd)).status, "found");
  });

  it("is not overwritten with what could not be read again", async () => {
    const secrets = new MemorySecrets();
    const store = new SecretStore(secrets);
    await store.writeCredential(credential);
    const before = new Map(secrets.values);
    const broken: readonly object[] = [
      { rejected: Object.prototype },
      { rejected: "constructor" },
      { clockOffset: Number.NaN },
      { tokens: { ...credential.tokens, refreshToken: "" } },
      ...unsendable,
    ];
    for (const change of broken) {
      const changed = { ...credential, sequence: 4, ...change } as Credential;
      await assert.rejects(store.writeCredential(changed), (error) => isProblem(error, "saveFailed"));
    }
    assert.deepEqual(new Map(secrets.values), before);
  });
});
