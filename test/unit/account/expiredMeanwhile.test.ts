import assert from "node:assert/strict";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { createFixture, credentialOf, day, type Fixture, is, lifetime, minute } from "./fixture.ts";

describe("An access token that has expired", () => {
  let fixture: Fixture;
  let one: AccountFixture;
  let other: AccountFixture;
  beforeEach(async () => {
    fixture = await createFixture({ reliable: true });
    one = await fixture.signedIn();
    other = await fixture.openLoaded();
  });
  afterEach(() => fixture.dispose());

  const refreshes = () => fixture.issuer.recordsOf("refresh").length;
  /** The other window has not heard of the refreshes. */
  const refreshLongAgo = async (times: number) => {
    for (let at = 0; at < times; at += 1) {
      await one.refresher.refresh(credentialOf(one));
      fixture.clock.jump(lifetime + day);
    }
  };

  for (const times of [1, 2, 3]) {
    it(`since another window refreshed it is refreshed before it is used (${times} times)`, async () => {
      await refreshLongAgo(times);
      const { bearer } = await other.source.get("chatgpt");
      assert.notEqual(bearer, credentialOf(one).tokens.accessToken);
      assert.equal(refreshes(), times + 1);
      assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
    });

    it(`since another window refreshed it does not answer a refusal of the one before (${times} times)`, async () => {
      const refused = await other.source.get("chatgpt");
      await refreshLongAgo(times);
      const { bearer } = await other.source.rejected(refused);
      assert.notEqual(bearer, credentialOf(one).tokens.accessToken);
      assert.equal(refreshes(), times + 1);
    });
  }

  it("since another window refreshed it does not answer a refusal that was compared with an older record", async () => {
    const refused = await other.source.get("chatgpt");
    await refreshLongAgo(1);
    fixture.secrets.script("get", `credential.${credentialOf(one).id}`, "older");
    const { bearer } = await other.source.rejected(refused);
    assert.notEqual(bearer, credentialOf(one).tokens.accessToken);
    assert.equal(refreshes(), 2);
  });

  it("in a window that has just refreshed it is not refreshed at once again, whatever the clocks say", async () => {
    const { send } = one.http;
    one.http.send = async (request) => {
      const answer = await send(request);
      const date = new Date(fixture.clock.now() + 365 * day).toUTCString();
      return { ...answer, headers: { ...answer.headers, date } };
    };
    fixture.clock.jump(lifetime + day);
    await one.source.get("chatgpt");
    assert.equal(refreshes(), 1);
  });

  it("while the computer slept is not used when its refresh takes long: that is waited for", async () => {
    const old = await one.source.get("chatgpt");
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 200 });
    fixture.clock.jump(lifetime - 2 * minute);
    const asked = one.source.get("chatgpt");
    await new Promise((resolve) => setImmediate(resolve));
    fixture.clock.setWall(10 * 60 * minute);
    await fixture.clock.advance(3_000);
    assert.notEqual((await asked).bearer, old.bearer);
  });

  it("while the computer slept is not used when its refresh fails", async () => {
    fixture.issuer.faults.set("token", { kind: "serverError" });
    fixture.clock.jump(lifetime - 2 * minute);
    const { send } = one.http;
    one.http.send = (request) => {
      fixture.clock.setWall(10 * 60 * minute);
      return send(request);
    };
    await assert.rejects(one.source.get("chatgpt"), is("serviceFailed"));
  });
});
