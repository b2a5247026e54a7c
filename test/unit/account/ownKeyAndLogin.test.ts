import assert from "node:assert/strict";
import { isProblem } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { createServices, type TestServices } from "../../support/services.ts";

describe("An own key and a login", () => {
  let issuer: TestIssuer;
  let services: TestServices;
  let secrets: MemorySecrets;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());
  beforeEach(async () => {
    secrets = new MemorySecrets();
    services = await createServices({ issuer: issuer.issuer, secrets });
  });
  afterEach(() => services.dispose());

  it("exist side by side: neither removes the other", async () => {
    await services.ownKey.set("sk-test-own-key-000000000000000000000000", true);
    await services.signIn.run();
    services.mode.current = "apiKey";
    services.source.forget();
    assert.equal((await services.source.get("apiKey")).bearer, "sk-test-own-key-000000000000000000000000");
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
    const next = await createServices({ issuer: issuer.issuer, secrets });
    await Promise.all([next.accounts.load(), next.ownKey.load()]);
    assert.equal(next.accounts.state.active?.email, "plus@example.com");
    assert.equal(next.ownKey.current?.key, "sk-test-own-key-000000000000000000000000");
    await next.dispose();
    await services.signOutAccount(services.accounts.state.active?.id ?? "");
    assert.equal(services.ownKey.current?.checked, true);
    await services.ownKey.reload();
    assert.equal(services.ownKey.current?.checked, true);
  });

  it("give no token to somebody who is not signed in", async () => {
    await assert.rejects(services.source.accessToken(), (error) => isProblem(error, "notSignedIn"));
  });

  for (const mode of ["apiKey", "chatgpt"] as const) {
    it(`are not replaced by the environment's key, which nobody has accepted (${mode})`, async () => {
      const before = process.env.OPENAI_API_KEY;
      process.env.OPENAI_API_KEY = "sk-test-environment-key-0000000000000000";
      try {
        services.mode.current = mode;
        await assert.rejects(services.source.get("apiKey"), (error) => isProblem(error, "noApiKey"));
      } finally {
        if (before === undefined) delete process.env.OPENAI_API_KEY;
        else process.env.OPENAI_API_KEY = before;
      }
    });
  }

  it("are kept when a sign-out cannot be stored", async () => {
    await services.signIn.run();
    secrets.failingStores = 1;
    const id = services.accounts.state.active?.id ?? "";
    await assert.rejects(services.signOutAccount(id), (error) => isProblem(error, "saveFailed"));
    await services.accounts.reload();
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
  });
});
