import assert from "node:assert/strict";
import { startIssuer } from "../../issuer/issuer.ts";
import { loginByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { becomesFree } from "../../support/ports.ts";
import { createServices, type TestServices } from "../../support/services.ts";
import { eventually } from "../../support/timing.ts";

describe("An issuer whose identifier ends in a slash", () => {
  let issuer: TestIssuer;
  let services: TestServices;
  let opened: string[];
  before(async () => {
    issuer = await startIssuer({ device: { interval: 1 } });
  });
  after(() => issuer.close());
  beforeEach(async () => {
    opened = [];
    services = await createServices({
      issuer: `${issuer.issuer}/`,
      openExternal: async (url) => {
        opened.push(url);
        return true;
      },
    });
  });
  afterEach(async () => {
    services.signIn.cancel();
    assert.equal(await becomesFree(1455), true);
    await services.dispose();
  });

  /** The redirect of the sign-in page, with an `iss`. */
  const redirectWith = async (iss: string) => {
    await eventually(() => assert.equal(opened.length, 1));
    const redirect = new URL(await loginByHttp(opened[0] ?? "", "plus@example.com", "password"));
    redirect.searchParams.set("iss", iss);
    return redirect.href;
  };
  /** Both are one address, for which the person is asked once, and one account. */
  const assertAccount = () => {
    const [account, ...more] = services.accounts.state.accounts;
    assert.deepEqual([account?.issuer, more.length], [issuer.issuer, 0]);
  };

  for (const flow of ["browser", "paste"] as const) {
    it(`is compared with its slash, and its addresses have no more slashes than others: ${flow}`, async () => {
      const run = services.signIn.run({ flow });
      const redirect = await redirectWith(`${issuer.issuer}/`);
      const other = redirect.replace(/%2F(?=&|$)/, "");
      assert.notEqual(other, redirect);
      assert.equal(services.signIn.checkPaste(other)?.code, "pasteOtherIssuer");
      assert.equal(services.signIn.checkPaste(`${issuer.issuer}/oauth/authorize?x`)?.code, "pasteSignInPage");
      if (flow === "browser") assert.equal((await fetch(other)).status, 400);
      if (flow === "browser") void fetch(redirect);
      else services.signIn.paste(redirect);
      await run;
      assertAccount();
    });
  }

  it("is asked for a device code", async () => {
    const run = services.signIn.run({ flow: "deviceCode" });
    await eventually(() => assert.equal(services.signIn.running?.stage, "waitingForDevice"));
    const { running } = services.signIn;
    assert.ok(running?.stage === "waitingForDevice");
    assert.equal(running.device.page, `${issuer.issuer}/codex/device`);
    services.signIn.cancel();
    await assert.rejects(run);
  });
});
