import assert from "node:assert/strict";
import { scopesOf } from "../../../../src/editor/sessions/sessionScopes.ts";
import type { Sessions } from "../../../../src/editor/sessions/sessions.ts";
import { isProblem } from "../../../../src/shared/problem.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { type SessionFixture, tokens, useSessionFixture } from "./sessionFixture.ts";

const minute = 60_000;
const { apiKey, chatgpt, identity } = scopesOf;

describe("Sessions that are made", () => {
  let fixture: SessionFixture;
  let sessions: Sessions;
  useSessionFixture((given) => {
    fixture = given;
  });
  afterEach(() => sessions.dispose());

  beforeEach(() => {
    sessions = fixture.open();
  });

  it("sign the person in", async () => {
    const session = await sessions.create(chatgpt);
    assert.equal(session.account.label, "plus@example.com");
    assert.equal(session.accessToken, fixture.tokenOf(session.account.id));
    assert.deepEqual(fixture.person.choices, [false]);
  });

  it("let a person who is signed in choose another account", async () => {
    await sessions.create(chatgpt);
    fixture.person.email = "team@example.com";
    assert.equal((await sessions.create(chatgpt)).account.label, "team@example.com");
    assert.deepEqual(fixture.person.choices, [false, true]);
  });

  it("are of the account that signs in, though another is the active one by then", async () => {
    const plus = await fixture.signInAs("plus@example.com");
    fixture.person.email = "team@example.com";
    fixture.person.andThen = () => fixture.accounts.setActive(plus);
    assert.equal((await sessions.create(chatgpt)).account.label, "team@example.com");
    assert.equal(fixture.accounts.state.active?.id, plus);
  });

  it("fail when the person cancels, and leave nothing", async () => {
    fixture.person.signsIn = false;
    await assert.rejects(sessions.create(chatgpt), (error) => isProblem(error, "cancelled"));
    assert.deepEqual(await sessions.get(undefined), []);
    assert.deepEqual(fixture.changes, []);
  });

  it("fail for scopes that are not ours, without asking anybody", async () => {
    await assert.rejects(sessions.create(["openid"]), /openai\.api-key/);
    assert.deepEqual(fixture.person.choices, []);
  });

  it("wait for the API key that follows a sign-in", async () => {
    const made = sessions.create(apiKey);
    while (!fixture.accounts.state.active) await new Promise((resolve) => setImmediate(resolve));
    await fixture.setDerivedKey(fixture.accounts.state.active.id, "sk-derivedForPlus0001");
    assert.equal((await made).accessToken, "sk-derivedForPlus0001");
  });

  it("fail with a problem when the account gets no API key", async () => {
    const made = assert.rejects(sessions.create(apiKey), (error) => isProblem(error, "noDerivedKey"));
    while (!fixture.accounts.state.active) await new Promise((resolve) => setImmediate(resolve));
    await fixture.setDerivedKey(fixture.accounts.state.active.id, undefined);
    await made;
  });

  it("in the mode of the own key come from that key, or from a sign-in, as the person says", async () => {
    fixture.setMode("apiKey");
    await assert.rejects(sessions.create(apiKey), (error) => isProblem(error, "cancelled"));
    fixture.person.keyChoice = "ownKey";
    assert.equal((await sessions.create(apiKey)).accessToken, "sk-typedByThePerson1234");
    const id = await fixture.signInAs("plus@example.com");
    await fixture.setDerivedKey(id, "sk-derivedForPlus0001");
    fixture.person.keyChoice = "useAccount";
    assert.equal((await sessions.create(apiKey, id)).accessToken, "sk-derivedForPlus0001");
    assert.equal(fixture.mode.current, "chatgpt");
  });
});

describe("Sessions whose token is about to expire", () => {
  let issuer: TestIssuer;
  let fixture: SessionFixture;
  let sessions: Sessions;
  let clock: ManualClock;
  let id: string;
  useSessionFixture(
    (given, from) => {
      fixture = given;
      issuer = from;
    },
    () => {
      clock = new ManualClock();
      return clock;
    },
  );
  beforeEach(async () => {
    issuer.setLifetimes({ accessToken: 3600 });
    id = await fixture.signInAs("plus@example.com");
    sessions = fixture.open();
    fixture.changes.length = 0;
  });
  afterEach(() => {
    sessions.dispose();
    issuer.setLifetimes({ accessToken: 864_000 });
  });

  const refreshes = () => issuer.recordsOf("refresh").length;

  it("get a refreshed one, once for all who ask", async () => {
    const old = fixture.tokenOf(id);
    await clock.advance(54 * minute);
    assert.deepEqual(tokens(await sessions.get(chatgpt)), [old]);
    await clock.advance(2 * minute);
    const before = refreshes();
    const asked = await Promise.all(Array.from({ length: 1_000 }, () => sessions.get(chatgpt)));
    assert.equal(refreshes(), before + 1);
    const refreshed = fixture.tokenOf(id);
    assert.notEqual(refreshed, old);
    for (const got of asked) assert.deepEqual(tokens(got), [refreshed]);
    for (let count = 0; count < 1_000; count += 1) await sessions.get(chatgpt);
    assert.equal(refreshes(), before + 1);
    assert.equal(fixture.changes.length, 1);
  });

  it("cost no request where no ChatGPT token is asked for", async () => {
    await clock.advance(120 * minute);
    const before = issuer.records.length;
    for (const scopes of [undefined, identity, apiKey]) await sessions.get(scopes);
    assert.equal(issuer.records.length, before);
  });

  it("are still handed out while a refresh fails, and not once they have ended", async () => {
    const old = fixture.tokenOf(id);
    issuer.faults.set("token", { kind: "serverError" });
    await clock.advance(56 * minute);
    assert.deepEqual(tokens(await sessions.get(chatgpt)), [old]);
    await clock.advance(5 * minute);
    issuer.faults.set("token", { kind: "serverError" });
    assert.deepEqual(await sessions.get(chatgpt), []);
    issuer.faults.clear();
    await clock.advance(10 * minute);
    assert.equal((await sessions.get(chatgpt)).length, 1);
  });

  it("go when the sign-in has ended at the service", async () => {
    issuer.revokeAll("plus");
    await clock.advance(56 * minute);
    assert.deepEqual(await sessions.get(chatgpt), []);
    assert.deepEqual(
      fixture.changes.at(-1)?.removed?.map(({ scopes }) => scopes),
      [["chatgpt"]],
    );
  });
});
