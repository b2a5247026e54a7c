import assert from "node:assert/strict";
import { parseIndex } from "../../../src/account/accountIndex.ts";
import {
  accountIdOf,
  credentialVersion,
  type HeldCredential,
  namesAccount,
  parseCredential,
} from "../../../src/account/credential.ts";
import { createFixture, type Fixture } from "./fixture.ts";

describe("An account's id", () => {
  const issuer = "https://auth.openai.com";
  const common = { fedramp: false, needsPlatformSetup: false };
  const idOf = (claims: { userId?: string; email?: string; workspaceId?: string }, at = issuer) =>
    accountIdOf(at, { ...common, ...claims });

  it("is one person's in one workspace at one issuer", () => {
    const ids = [
      idOf({ userId: "user-1", workspaceId: "workspace-1" }),
      idOf({ userId: "user-2", workspaceId: "workspace-1" }),
      idOf({ userId: "user-1", workspaceId: "workspace-2" }),
      idOf({ userId: "user-1" }),
      idOf({ email: "me@example.com", workspaceId: "workspace-1" }),
      idOf({ email: "you@example.com", workspaceId: "workspace-1" }),
      idOf({ userId: "user-1", workspaceId: "workspace-1" }, "https://issuer.example"),
    ];
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[0-9a-f]{16}$/);
    // The email of a person whose id is known may change.
    const known = { userId: "user-1", workspaceId: "workspace-1" };
    assert.equal(idOf({ ...known, email: "new@example.com" }), ids[0]);
  });

  it("is nobody's without a person", () => {
    for (const claims of [{}, { workspaceId: "workspace-1" }])
      assert.equal(namesAccount({ ...common, ...claims }), false);
    for (const claims of [{ userId: "user-1" }, { email: "me@example.com" }]) {
      assert.equal(namesAccount({ ...common, ...claims }), true);
    }
  });
});

describe("A stored index", () => {
  it("of a newer version is left to it, and one that is damaged is set aside", () => {
    const statusOf = (value: unknown) => parseIndex(JSON.stringify(value)).status;
    assert.equal(statusOf({ version: 1, ids: [] }), "found");
    assert.equal(statusOf({ version: 2, ids: "in another form" }), "newer");
    for (const damaged of [{ version: 1 }, { version: "2" }, { ids: [] }, [], null, "text"]) {
      assert.equal(statusOf(damaged), "corrupt", JSON.stringify(damaged));
    }
    assert.equal(parseIndex("{").status, "corrupt");
    assert.equal(parseIndex(undefined).status, "missing");
  });
});

describe("A stored record", () => {
  let fixture: Fixture;
  let record: HeldCredential;
  before(async () => {
    fixture = await createFixture();
    record = await fixture.credential();
  });
  after(() => fixture.dispose());
  const statusOf = (changes: object) => parseCredential(JSON.stringify({ ...record, ...changes })).status;

  it("is read as it was stored", () => {
    assert.deepEqual(parseCredential(JSON.stringify(record)), { status: "found", credential: record });
  });

  it("of a newer version is left to it", () => {
    assert.equal(statusOf({ version: credentialVersion + 1 }), "newer");
    assert.equal(statusOf({ version: 99, tokens: "in another form" }), "newer");
  });

  it("has an id that is safe as a key and in a file's name", () => {
    for (const id of [
      "",
      "../0123456789abcd",
      "0123456789ABCDEF",
      "0123456789abcde",
      "0123456789abcdef0",
      "__proto__",
    ]) {
      assert.equal(statusOf({ id }), "corrupt", id);
    }
  });

  it("of a linked login has no refresh token, which its owner alone uses", () => {
    const link = { codexHome: "/home/me/.codex", store: "file", refreshHere: false };
    const { refreshToken, ...tokens } = record.tokens;
    assert.equal(statusOf({ origin: "linked", link, tokens }), "found");
    assert.equal(statusOf({ origin: "linked", link, tokens: { ...tokens, refreshToken } }), "corrupt");
    assert.equal(statusOf({ tokens }), "corrupt");
  });
});
