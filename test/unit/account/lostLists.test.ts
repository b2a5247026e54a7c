import assert from "node:assert/strict";
import { ReplacedTokens } from "../../../src/account/replacedTokens.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { eventually } from "../../support/timing.ts";
import { is } from "./fixture.ts";

describe("The list of the tokens that are to be revoked", () => {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const token = { issuer: "https://issuer.example", refreshToken: "some-refresh-token" };
  let secrets: MemorySecrets;
  let tokens: ReplacedTokens;
  beforeEach(() => {
    secrets = new MemorySecrets({ reliable: true });
    tokens = new ReplacedTokens(secrets, silent);
  });

  it("is written again when its store is lost without a word", async () => {
    secrets.script("store", "replaced.a", "lost");
    await tokens.change("a", { added: [token] });
    assert.deepEqual(await new ReplacedTokens(secrets, silent).read("a"), [token]);
    assert.deepEqual(tokens.unstoredIds, []);
  });

  it("is known to be not stored when that happens again", async () => {
    secrets.script("store", "replaced.a", "lost", "lost");
    await assert.rejects(tokens.change("a", { added: [token] }), is("saveFailed"));
    assert.deepEqual(tokens.unstored("a"), [token]);
  });

  it("is deleted again when its deletion is lost without a word", async () => {
    await tokens.change("a", { added: [token] });
    secrets.script("delete", "replaced.a", "lost");
    await tokens.change("a", { removed: [token] });
    assert.equal(secrets.values.has("replaced.a"), false);
    await tokens.change("a", { added: [token] });
    secrets.script("delete", "replaced.a", "lost", "lost");
    await assert.rejects(tokens.change("a", { removed: [token] }), is("saveFailed"));
  });

  it("is deleted when it is stored late, and its tokens have been revoked by then", async () => {
    const impatient = new ReplacedTokens(secrets, silent, { readMs: 30, writeMs: 30 });
    secrets.script("store", "replaced.a", "hangs");
    await assert.rejects(impatient.change("a", { added: [token] }), is("keyringSilent"));
    await impatient.change("a", { removed: [token] });
    const changed: boolean[] = [];
    secrets.onDidChange(() => changed.push(secrets.values.has("replaced.a")));
    secrets.answerNow();
    await eventually(() => assert.deepEqual(changed, [true, false]));
  });
});
