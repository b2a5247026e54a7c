import assert from "node:assert/strict";
import { isProblem } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { approveDeviceByHttp, loginByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { occupy, release } from "../../support/ports.ts";
import { deviceOf } from "../../support/runningSignIn.ts";
import { browseAs, createServices, type TestServices } from "../../support/services.ts";
import { eventually } from "../../support/timing.ts";

describe("Allowed ChatGPT workspaces", () => {
  const plus = "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01";
  const team = "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d04";
  let issuer: TestIssuer;
  let allowed: string[];
  let services: TestServices;
  before(async () => {
    issuer = await startIssuer({ device: { interval: 1 } });
  });
  after(() => issuer.close());
  beforeEach(async () => {
    allowed = [];
    services = await createServices({ issuer: issuer.issuer, signIn: { allowedWorkspaces: () => allowed } });
  });
  afterEach(async () => {
    await eventually(async () => release([await occupy(1455)]), 1_500);
    await services.dispose();
  });
  const asked = () => issuer.recordsOf("authorize").at(-1)?.params ?? {};

  it("are not mentioned when there is no such setting", async () => {
    await services.signIn.run();
    assert.equal("allowed_workspace_id" in asked(), false);
    assert.equal("prompt" in asked(), false);
  });

  it("are asked for in one parameter, and one of them is accepted", async () => {
    allowed = [team, plus];
    await services.signIn.run();
    assert.equal(asked().allowed_workspace_id, `${team},${plus}`);
    assert.equal(services.accounts.state.active?.workspaceId, plus);
  });

  it("are checked in the id_token, whatever the page let through, and nothing is replaced", async () => {
    allowed = [team];
    services.browser.open = browseAs("team@example.com");
    await services.signIn.run();
    await eventually(async () => release([await occupy(1455)]), 1_500);
    allowed = ["another-workspace"];
    const run = services.signIn.run({ flow: "deviceCode" });
    await eventually(() => assert.ok(deviceOf(services.signIn)));
    const failed = assert.rejects(run, (error) => isProblem(error, "workspaceNotAllowed"));
    await approveDeviceByHttp(issuer.issuer, deviceOf(services.signIn)?.userCode ?? "", "plus@example.com", "password");
    await failed;
    assert.equal(services.accounts.state.active?.email, "team@example.com");
    assert.equal(services.accounts.state.accounts.length, 1);
    const [revoked] = (await issuer.waitForRecord("revoke")).slice(-1);
    assert.equal(revoked?.account, "plus");
  });

  it("are told in the browser when another was chosen, with status 403", async () => {
    allowed = [""];
    const page = Promise.withResolvers<[number, string]>();
    services.browser.open = async (url) => {
      const redirect = await loginByHttp(url, "plus@example.com", "password");
      fetch(redirect).then(async (answer) => page.resolve([answer.status, await answer.text()]), page.reject);
      return true;
    };
    await assert.rejects(services.signIn.run(), (error) => isProblem(error, "workspaceNotAllowed"));
    const [status, html] = await page.promise;
    assert.equal(status, 403);
    assert.match(html, /<h1>This ChatGPT workspace isn't allowed<\/h1>/);
  });

  it("are not those of a login that names none: it is ended and not stored", async () => {
    allowed = [plus];
    issuer.setAccount("plus", { authClaims: { chatgpt_account_id: null } });
    const revoked = issuer.recordsOf("revoke").length;
    try {
      await assert.rejects(services.signIn.run(), (error) => isProblem(error, "workspaceNotAllowed"));
      await issuer.waitForRecord("revoke", { count: revoked + 1 });
      assert.deepEqual(services.accounts.state.accounts, []);
    } finally {
      issuer.setAccount("plus", { authClaims: {} });
    }
  });

  it("restrict even when an entry is nonsense", async () => {
    allowed = [""];
    await assert.rejects(services.signIn.run(), (error) => isProblem(error, "workspaceNotAllowed"));
    allowed = ["a b&prompt=none"];
    await assert.rejects(
      (async () => {
        await eventually(async () => release([await occupy(1455)]), 1_500);
        await services.signIn.run();
      })(),
      (error) => isProblem(error, "workspaceNotAllowed"),
    );
    assert.equal("allowed_workspace_id" in asked(), false);
    assert.deepEqual(services.accounts.state.accounts, []);
  });

  it("can be chosen again: the page asks who it is", async () => {
    await services.signIn.run({ chooseAccount: true });
    assert.equal(asked().prompt, "login");
  });
});
