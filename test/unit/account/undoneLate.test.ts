import assert from "node:assert/strict";
import { serializeCredential } from "../../../src/account/credential.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { eventually } from "../../support/timing.ts";
import { createFixture, credentialOf, type Fixture, is, lifetime, minute } from "./fixture.ts";

describe("A sign-in that was written late and is undone", () => {
  let fixture: Fixture;
  let window: AccountFixture;
  let id: string;
  beforeEach(async () => {
    fixture = await createFixture({ reliable: true });
    window = await fixture.signedIn("plus@example.com", { secretLimits: { readMs: 200, writeMs: 20 } });
    ({ id } = credentialOf(window));
    fixture.clock.jump(minute);
  });
  afterEach(() => fixture.dispose());

  /** A sign-in fails, another window or this one refreshes the tokens of the one before, and its record comes then. */
  const undoAfter = async (refresh: () => Promise<unknown>, next = async () => {}) => {
    const late = await fixture.credential();
    fixture.secrets.script("store", `credential.${id}`, "hangs");
    await assert.rejects(window.accounts.storeSignIn(late), is("keyringSilent"));
    await refresh();
    fixture.secrets.values.set(`credential.${id}`, serializeCredential(late));
    await window.accounts.reload();
    fixture.secrets.answerNow();
    await next();
    const stored = () => fixture.secrets.values.get(`credential.${id}`) ?? "";
    await eventually(() => assert.ok(!stored().includes(late.tokens.refreshToken ?? assert.fail())));
  };

  for (const times of [1, 2]) {
    it(`leaves the tokens of the one before as they were refreshed meanwhile (${times} times)`, async () => {
      let newest = credentialOf(window);
      await undoAfter(async () => {
        for (let at = 0; at < times; at += 1) newest = (await window.refresher.refresh(newest)).credential;
      });
      const next = await fixture.openLoaded();
      assert.deepEqual(credentialOf(next).tokens, newest.tokens);
      fixture.clock.jump(lifetime);
      await next.source.get("chatgpt");
      assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
    });
  }

  it("leaves it to the window that has refreshed the tokens of the one before meanwhile to put them back", async () => {
    const other = await fixture.openLoaded();
    await undoAfter(
      () => other.refresher.refresh(credentialOf(other)),
      () => other.accounts.reload(),
    );
    const next = await fixture.openLoaded();
    assert.deepEqual(credentialOf(next).tokens, credentialOf(other).tokens);
    await next.refresher.refresh(credentialOf(next));
    assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
  });

  it("lets nobody use tokens that another window has refreshed meanwhile, where nobody has the newest", async () => {
    const other = await fixture.openLoaded();
    const spent = credentialOf(window).tokens.refreshToken ?? assert.fail();
    let next = window;
    await undoAfter(
      () => other.refresher.refresh(credentialOf(other)),
      async () => {
        next = await fixture.openLoaded();
      },
    );
    assert.ok(!fixture.secrets.values.get(`credential.${id}`)?.includes(spent));
    assert.equal(next.accounts.entry(id), undefined);
    await assert.rejects(window.refresher.refresh(credentialOf(window)), is("needsSignIn"));
    assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
  });
});
