import assert from "node:assert/strict";
import { FollowUp } from "../../../../src/account/followUp/followUp.ts";
import { startIssuer } from "../../../issuer/issuer.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import { assertNeverShown, resetVscode, sentences, settle, state, until } from "../../../support/vscodeStub/stub.ts";
import { createEditorFixture, type EditorFixture } from "../../editor/editorFixture.ts";

const pending = { derivedKey: { status: "absent", why: "pending" } };

describe("What follows a sign-in", () => {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  beforeEach(async () => {
    resetVscode();
    issuer = await startIssuer();
    fixture = await createEditorFixture(issuer);
    fixture.wanted.credits = true;
  });
  afterEach(async () => {
    await fixture.end();
    await issuer.close();
  });
  const key = () => fixture.accounts.state.active?.derivedKey;
  const asked = () => issuer.recordsOf("redeemCredits").length;
  const done = () => until(() => fixture.accounts.entry()?.credential.creditsAskedAt);

  it("is the derived key, then the plan's credits, without a notification", async () => {
    await fixture.run("signIn");
    await done();
    assert.equal(key()?.status, "present");
    const order = issuer.records.map(({ type }) => type).filter((type) => /tokenExchange|redeemCredits/.test(type));
    assert.deepEqual(order, ["tokenExchange", "redeemCredits"]);
    assert.deepEqual(sentences(), ["Signed in as plus@example.com (Plus)."]);
    assertNeverShown(...issuer.secrets().flatMap(({ kind, value }) => (kind === "derived_key" ? [value] : [])));
  });

  it("is stored with the sign-in, in one write, where it has come by then", async () => {
    const credential = await fixture.signedIn("plus@example.com", { ...pending, creditsAskedAt: 1 });
    const begun = fixture.followUp.begin(credential.issuer, credential.tokens.idToken);
    assert.equal(begun.complete(credential), credential, "nothing has come yet");
    await until(() => begun.complete(credential) !== credential);
    const stored: string[] = [];
    fixture.secrets.onDidChange(({ key: name }) => name.includes(credential.id) && stored.push(name));
    await fixture.accounts.storeSignIn({ ...credential, signedInAt: credential.signedInAt + 1 }, begun.complete);
    assert.equal(key()?.status, "present");
    await settle();
    const before = stored.length;
    begun.finish(credential.id);
    await settle();
    await fixture.accounts.reload();
    assert.deepEqual(stored.slice(before), []);
  });

  it("does not hold up the sign-in: that is shown while the key is still being created", async () => {
    issuer.faults.set("token", { kind: "slow", delayMs: 20_000, grant: "token-exchange" });
    await fixture.run("signIn");
    assert.deepEqual(sentences(), ["Signed in as plus@example.com (Plus)."]);
    assert.deepEqual(key(), { status: "absent", why: "pending" });
    assert.equal(asked(), 0);
  });

  it("does not hold up the sign-in with the credits either", async () => {
    issuer.faults.set("redeem", { kind: "slow", delayMs: 20_000 });
    await fixture.run("signIn");
    assert.deepEqual(sentences(), ["Signed in as plus@example.com (Plus)."]);
    await until(() => key()?.status === "present");
    assert.equal(fixture.accounts.entry()?.credential.creditsAskedAt, undefined);
  });

  for (const kind of ["serverError", "html", "closeBefore", "wrongTypes"] as const) {
    it(`fails nothing when the key cannot be created (${kind}), and asks for the credits all the same`, async () => {
      issuer.faults.set("token", { kind, grant: "token-exchange" });
      await fixture.run("signIn");
      await done();
      assert.deepEqual(key(), { status: "absent", why: "unreachable" });
      assert.deepEqual(sentences(), ["Signed in as plus@example.com (Plus)."]);
      assert.equal(fixture.activity.problem, undefined);
    });

    it(`fails nothing when the credits cannot be asked for (${kind}): the key is there`, async () => {
      issuer.faults.set("redeem", { kind });
      await fixture.run("signIn");
      await until(() => fixture.lines.some((line) => /API credits/.test(line)));
      assert.equal(key()?.status, "present");
      assert.deepEqual(sentences(), ["Signed in as plus@example.com (Plus)."]);
    });
  }

  it("starts the key's exchange before the credential is stored, and drops the key when it cannot be", async () => {
    (fixture.secrets as MemorySecrets).failingStores = 1;
    await fixture.run("signIn");
    assert.equal(sentences().length, 1);
    await issuer.waitForRecord("tokenExchange");
    await settle();
    assert.deepEqual([fixture.accounts.state.accounts.length, asked()], [0, 0]);
  });

  it("logs what could not be stored, and goes no further", async () => {
    const { id, issuer: of, tokens } = await fixture.signedIn("plus@example.com", pending);
    (fixture.secrets as MemorySecrets).failingStores = 1;
    fixture.followUp.begin(of, tokens.idToken).finish(id);
    await until(() => fixture.lines.find((line) => line === "After the sign-in: Problem saveFailed"));
    assert.equal(asked(), 0);
    assert.deepEqual(sentences(), []);
  });

  it("never throws, whatever happens in it", async () => {
    const { id } = await fixture.signedIn("plus@example.com", pending);
    const broken = new FollowUp({
      accounts: fixture.accounts,
      policy: fixture.policy,
      deriver: Object.assign(Object.create(fixture.deriver), {
        request: async () => ({ status: "absent", why: "refused" }),
        keep: () => {
          throw new Error("canary-text");
        },
      }),
      credits: fixture.credits,
      log: fixture.log,
    });
    broken.begin(issuer.issuer, "x").finish(id);
    await until(() => fixture.lines.find((line) => line === "After the sign-in: Error"));
  });

  describe("in a window that was opened later", () => {
    it("continues where it was left: the key that is pending, then the credits", async () => {
      await fixture.signedIn("plus@example.com", pending);
      fixture.followUp.resume();
      await done();
      assert.equal(key()?.status, "present");
    });

    it("does not create a key again where none can be had, and asks for the credits", async () => {
      await fixture.signedIn();
      fixture.followUp.resume();
      await done();
      assert.deepEqual(key(), { status: "absent", why: "noOrganization" });
      assert.equal(issuer.recordsOf("tokenExchange").length, 0);
    });

    it("continues for every account even if one fails", async () => {
      const first = await fixture.signedIn("owner@example.com", pending);
      await fixture.signedIn("plus@example.com", pending);
      issuer.faults.set("token", { kind: "serverError", grant: "token-exchange", times: 1 });
      fixture.followUp.resume();
      const isPending = () =>
        fixture.accounts.state.accounts.some(({ derivedKey: made }) => "why" in made && made.why === "pending");
      await until(() => !isPending());
      await done();
      const statuses = fixture.accounts.state.accounts.map(({ derivedKey }) => derivedKey.status).sort();
      assert.deepEqual(statuses, ["absent", "present"]);
      assert.ok(fixture.accounts.entry(first.id));
    });

    it("has nothing to do when nobody is signed in, and shows nothing", async () => {
      fixture.followUp.resume();
      await settle();
      assert.deepEqual([issuer.records, state.shown], [[], []]);
    });

    it("asks for nothing twice", async () => {
      await fixture.signedIn("plus@example.com", pending);
      fixture.followUp.resume();
      await done();
      const before = issuer.records.length;
      fixture.followUp.resume();
      await settle();
      assert.equal(issuer.records.length, before);
    });
  });
});
