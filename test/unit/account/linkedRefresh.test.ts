import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import type { LinkedLogins } from "../../../src/account/module.ts";
import { RefreshRejected } from "../../../src/oauth/tokenEndpoint.ts";
import { type AccountFixture, linkedCredential } from "../../support/accountFixture.ts";
import { createFixture, day, type Fixture, is } from "./fixture.ts";

/** The owner of a linked login, which does this when it is asked for new tokens. */
const linkedLogins = (refresh: LinkedLogins["refresh"]) => () => ({ refresh, settleHandOff: async () => {} });

describe("A refresh of a linked login", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  const refreshes = () => fixture.issuer.recordsOf("refresh").length;
  const stored = ({ accounts }: AccountFixture): Credential =>
    JSON.parse(fixture.secrets.values.get(`credential.${accounts.state.active?.id}`) ?? "null");

  it("sets when that was", async () => {
    const linked = linkedCredential(await fixture.credential());
    const { tokens } = linkedCredential(await fixture.credential());
    const window = fixture.open({
      linked: linkedLogins(async () => ({ tokens })),
    });
    await window.accounts.storeSignIn(linked);
    fixture.clock.jump(3 * day);
    await window.refresher.refresh(linked);
    assert.equal(stored(window).signedInAt, linked.signedInAt);
    assert.equal(stored(window).lastRefreshAt, fixture.clock.now());
  });

  it("that was refreshed days ago makes its token last no longer", async () => {
    const linked = linkedCredential(await fixture.credential());
    const { tokens } = linkedCredential(await fixture.credential());
    const window = fixture.open({ linked: linkedLogins(async () => ({ tokens })) });
    await window.accounts.storeSignIn({ ...linked, clockOffset: -day });
    // The Codex CLI's token is as old as this by now.
    fixture.clock.jump(8 * day);
    const { credential } = await window.refresher.refresh(linked);
    assert.equal(credential.clockOffset, 0);
  });

  it("is made by its owner, and its refresh token is never used", async () => {
    const linked = linkedCredential(await fixture.credential());
    const { tokens } = linkedCredential(await fixture.credential());
    const window = fixture.open({ linked: linkedLogins(async () => ({ tokens })) });
    await window.accounts.storeSignIn(linked);
    const { credential } = await window.refresher.refresh(linked);
    assert.deepEqual(credential.tokens, tokens);
    assert.deepEqual(stored(window), credential);
    assert.equal(refreshes(), 0);
  });

  it("that its owner refuses asks for a sign-in", async () => {
    const linked = linkedCredential(await fixture.credential());
    const window = fixture.open({
      linked: linkedLogins(() => Promise.reject(new RefreshRejected("revoked", "signed out"))),
    });
    await window.accounts.storeSignIn(linked);
    await assert.rejects(window.refresher.refresh(linked), is("needsSignIn"));
    assert.equal(window.accounts.state.active?.rejected, "revoked");
    assert.equal(refreshes(), 0);
  });
});
