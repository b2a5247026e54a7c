import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AuthorizationGrant } from "../../../src/oauth/authorizationRequest.ts";
import { IncompleteTokens, TokenEndpoint } from "../../../src/oauth/tokenEndpoint.ts";
import { isProblem, type ProblemCode } from "../../../src/shared/problem.ts";
import type { IssuedTokens } from "../../../src/signin/redeem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { createServices, noFollowUp, type TestServices } from "../../support/services.ts";
import { eventually } from "../../support/timing.ts";
import { ScriptedHttp } from "./scriptedHttp.ts";

const minute = 60_000;
const soon = (assertion: () => void) => eventually(assertion, 10_000, 5);
describe("The completion of a sign-in", () => {
  let issuer: TestIssuer;
  let services: TestServices;
  let secrets: MemorySecrets;
  let clock: ManualClock;
  /** Called when a code has been redeemed; the answer is held back until what it returns resolves. */
  let onRedeemed: () => Promise<void>;
  /** What becomes of the issuer's answer. */
  let change: (tokens: IssuedTokens) => IssuedTokens;
  let issued: IssuedTokens | undefined;
  let follow: () => void;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());
  beforeEach(async () => {
    secrets = new MemorySecrets({ reliable: true });
    clock = new ManualClock();
    onRedeemed = async () => {};
    change = (tokens) => tokens;
    [issued, follow] = [undefined, () => {}];
    services = await open();
  });
  afterEach(async () => {
    issuer.faults.clear();
    secrets.settle();
    await services.dispose();
  });
  /** A window whose issuer's answers a test holds back. Its listener is replaced by a link that is pasted. */
  async function open(directory?: string): Promise<TestServices> {
    class HeldEndpoint extends TokenEndpoint {
      override async redeemCode(grant: AuthorizationGrant): Promise<IssuedTokens> {
        assert.equal(grant.code, "code");
        const { id_token, access_token, refresh_token } = await signInByHttp(issuer.issuer, "plus@example.com");
        const given = { idToken: id_token, accessToken: access_token, refreshToken: refresh_token, date: undefined };
        issued = given;
        await onRedeemed();
        return change(given);
      }
    }
    const opened: TestServices = await createServices({
      ...{ issuer: issuer.issuer, secrets, clock, beginFollowUp: () => ({ ...noFollowUp, finish: () => follow() }) },
      ...(directory !== undefined && { directory }),
      openExternal: async () => true,
      account: { secretLimits: { readMs: 50, writeMs: 50 }, lockTimes: { staleMs: 200, patienceMs: 300 } },
      signIn: { tokenEndpoint: (of) => new HeldEndpoint(opened.http, of) },
    });
    return opened;
  }
  /** Starts a sign-in and brings it to its answer. */
  function start({ signIn } = services) {
    const run = signIn.run({ flow: "paste" });
    run.catch(() => {});
    void soon(() => assert.equal(signIn.running?.stage, "waitingForLink")).then(() => {
      const state = new URL(signIn.link ?? "").searchParams.get("state");
      signIn.paste(`http://localhost:1455/auth/callback?code=code&state=${state}`);
    });
    return run;
  }
  const fails = (run: Promise<unknown>, code: ProblemCode) => assert.rejects(run, (error) => isProblem(error, code));
  const stage = (name: string) => soon(() => assert.equal(services.signIn.running?.stage, name));
  const isAlive = () => issued !== undefined && issuer.bearer(issued.accessToken) !== undefined;
  const isKept = () => [...secrets.values.values()].some((text) => text.includes(issued?.refreshToken ?? "-"));
  const isUndone = () => soon(() => assert.deepEqual([isAlive(), isKept()], [false, false]));
  it("keeps what was issued", async () => {
    const { id, signedInAt, lastRefreshAt } = await start();
    assert.deepEqual([isAlive(), isKept(), services.accounts.state.active?.id], [true, true, id]);
    assert.deepEqual([signedInAt, lastRefreshAt], [clock.now(), clock.now()]);
    assert.equal(clock.pending, 0);
  });

  it("undoes what names a ChatGPT workspace that no header can hold", async () => {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    for (const workspace of ["acc\r\nX-Other: 1", "a b", "é", "a\u0000b"]) {
      const claims = { email: "ada@example.com", "https://api.openai.com/auth": { chatgpt_account_id: workspace } };
      change = (tokens) => ({ ...tokens, idToken: `${encode({ alg: "none" })}.${encode(claims)}.c2ln` });
      await fails(start(), "unusableWorkspace");
      await isUndone();
      assert.equal(services.accounts.state.active, undefined);
    }
  });

  for (const end of ["Cancel", "the time limit"] as const) {
    const code = end === "Cancel" ? "cancelled" : "timedOut";
    const stop = async () => {
      if (end === "Cancel") services.signIn.cancel();
      else await clock.advance(10 * minute);
    };

    it(`undoes what comes after ${end}, which ends the sign-in at once`, async () => {
      const answer = Promise.withResolvers<void>();
      onRedeemed = () => answer.promise;
      const run = start();
      await stage("redeeming");
      await soon(() => assert.ok(issued));
      await stop();
      await fails(run, code);
      assert.equal(services.signIn.running, undefined);
      answer.resolve();
      await isUndone();
      assert.deepEqual(services.accounts.state.accounts, []);
    });

    it(`is told as it is when ${end} comes too late, while the credential is being stored`, async () => {
      secrets.script("store", "accounts", "hangs");
      const run = start();
      await stage("saving");
      await soon(() => assert.equal(secrets.hanging, 1));
      await stop();
      secrets.answerNow();
      const { id } = await run;
      assert.deepEqual([isAlive(), services.accounts.state.active?.id], [true, id]);
    });
  }

  it("undoes what comes after Cancel, and not the sign-in that the person has begun since", async () => {
    const answer = Promise.withResolvers<void>();
    onRedeemed = () => answer.promise;
    const cancelled = start();
    await soon(() => assert.ok(issued));
    services.signIn.cancel();
    await fails(cancelled, "cancelled");
    const first = issued;
    onRedeemed = async () => {};
    await start();
    answer.resolve();
    await soon(() => assert.equal(issuer.bearer(first?.accessToken ?? ""), undefined));
    assert.deepEqual([isAlive(), isKept(), services.accounts.state.accounts.length], [true, true, 1]);
  });

  for (const key of ["credential", "accounts"] as const) {
    for (const how of ["rejects", "hangs"] as const) {
      it(`revokes what cannot be stored (the store of “${key}” ${how})`, async () => {
        await start();
        const before = issued;
        const id = services.accounts.state.active?.id ?? "";
        clock.jump(minute);
        secrets.script("store", key === "credential" ? `credential.${id}` : "accounts", how);
        await fails(start(), how === "hangs" ? "keyringSilent" : "saveFailed");
        await soon(() => assert.equal(isAlive(), false));
        assert.notEqual(issued, before);
        // Though the keyring does it at last.
        secrets.answerNow();
        for (const window of [services, await open(services.directory)]) {
          await eventually(async () => {
            await window.accounts.reload();
            assert.equal(window.accounts.entry()?.credential.tokens.refreshToken, before?.refreshToken);
          });
        }
        await isUndone();
        assert.ok(issuer.bearer(before?.accessToken ?? ""));
      });
    }
  }

  it("revokes what is stored too late, and leaves the sign-in that has come since", async () => {
    const { id } = await start();
    await services.signOut.finish((await services.signOut.begin(id)) ?? assert.fail());
    secrets.script("store", `credential.${id}`, "hangs");
    await fails(start(), "keyringSilent");
    const late = issued;
    clock.jump(minute);
    const other = await open(services.directory);
    const run = start(other);
    await soon(() => assert.notEqual(issued, late));
    await run;
    secrets.answerNow();
    await soon(() => assert.equal(issuer.bearer(late?.accessToken ?? ""), undefined));
    await eventually(async () => {
      await other.accounts.reload();
      assert.deepEqual([isAlive(), isKept()], [true, true]);
    });
  });

  it("leaves no record that could not be deleted: what is left is ended later", async () => {
    const { id } = await start();
    await services.signOut.finish((await services.signOut.begin(id)) ?? assert.fail());
    secrets.script("store", "accounts", "rejects");
    secrets.script("delete", `credential.${id}`, "rejects", "rejects");
    await fails(start(), "saveFailed");
    await soon(() => assert.equal(isAlive(), false));
    const next = await open(services.directory);
    await next.accounts.load();
    assert.deepEqual(next.accounts.state.accounts, []);
    next.start();
    await isUndone();
  });

  it("revokes later what cannot be revoked now", async () => {
    issuer.faults.set("revoke", { kind: "serverError" });
    secrets.script("store", "accounts", "rejects");
    await fails(start(), "saveFailed");
    await soon(() => assert.ok(services.lines.some((line) => line.includes("trying again"))));
    assert.equal(isAlive(), true);
    issuer.faults.clear();
    await clock.advance(minute);
    await isUndone();
  });

  it("signs nobody in whom the tokens do not name, and keeps who was", async () => {
    await start();
    const { active } = services.accounts.state;
    const workspace = { "https://api.openai.com/auth": { chatgpt_account_id: "acc-1" } };
    const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
    for (const text of ["no-jwt", jwt({}), jwt(workspace), jwt({ email: "" }), jwt({ sub: "plus" })]) {
      change = (tokens) => ({ ...tokens, idToken: text, accessToken: text });
      await fails(start(), "noAccountNamed");
      await soon(() => assert.equal(isAlive(), false));
    }
    assert.deepEqual(services.accounts.state.accounts, [active]);
  });

  it("revokes the token of an answer that lacks the others", async () => {
    onRedeemed = async () => {
      throw new IncompleteTokens(issued?.refreshToken ?? "");
    };
    await fails(start(), "unreadableAnswer");
    await isUndone();
    const token = { refresh_token: "rt.incomplete", access_token: "a b", id_token: 7 };
    const endpoint = new TokenEndpoint(new ScriptedHttp([{ status: 200, json: token }]), issuer.issuer);
    const grant = { code: "code", codeVerifier: "verifier", redirectUri: "http://localhost:1455/auth/callback" };
    await assert.rejects(
      endpoint.redeemCode(grant),
      (error) => error instanceof IncompleteTokens && error.refreshToken === "rt.incomplete",
    );
  });

  it("notes the token of a sign-in that names nobody, so that a later window revokes it", async () => {
    change = (tokens) => ({ ...tokens, idToken: "no-jwt", accessToken: "no-jwt" });
    issuer.faults.set("revoke", { kind: "serverError" });
    await fails(start(), "noAccountNamed");
    await soon(() => assert.ok(isKept()));
    issuer.faults.clear();
    const next = await open(services.directory);
    await next.accounts.load();
    next.start();
    await isUndone();
  });

  it("does not revoke the token of an account that an issuer has given out again", async () => {
    await start();
    const { refreshToken } = issued ?? assert.fail();
    change = (tokens) => ({ ...tokens, refreshToken });
    secrets.script("store", "accounts", "rejects");
    const revoked = issuer.recordsOf("revoke").length;
    await fails(start(), "saveFailed");
    await services.signIn.settled();
    assert.equal(issuer.recordsOf("revoke").length, revoked);
  });

  it("keeps what was issued although what follows a sign-in fails", async () => {
    follow = () => assert.fail("a failure");
    const { id } = await start();
    assert.deepEqual([isAlive(), services.accounts.state.active?.id], [true, id]);
  });

  it("ends before a window that closes does", async () => {
    secrets.latencyMs = 5;
    const run = start();
    await stage("saving");
    services.signIn.cancel();
    await services.signIn.settled();
    const { id } = await run;
    assert.ok(secrets.values.has(`credential.${id}`));
  });

  it("is not kept from storing by whoever holds a lock, alive or crashed", async () => {
    const { id } = await start();
    await services.signOut.finish((await services.signOut.begin(id)) ?? assert.fail());
    const release = Promise.withResolvers<void>();
    const holding = [id, "accounts-index"].map((name) => services.lock.hold(name, () => release.promise));
    await start();
    release.resolve();
    await Promise.all(holding);
    assert.deepEqual([isAlive(), isKept()], [true, true]);
    // What follows a sign-in may hold one for a moment more.
    for (const name of [id, "accounts-index"]) await eventually(() => mkdir(join(services.directory, `${name}.lock`)));
    clock.jump(minute);
    await start();
    assert.deepEqual([isAlive(), isKept()], [true, true]);
  });
});
