import assert from "node:assert/strict";
import { startIssuer } from "../../issuer/issuer.ts";
import { approveDeviceByHttp } from "../../issuer/login.ts";
import { clientId, type TestIssuer } from "../../issuer/types.ts";
import { postForm, postJson } from "./calls.ts";

describe("test issuer: device authorization", () => {
  let issuer: TestIssuer;
  beforeEach(async () => {
    issuer = await startIssuer();
  });
  afterEach(() => issuer.close());

  const start = () => postJson(`${issuer.origin}/api/accounts/deviceauth/usercode`, { client_id: clientId });
  const poll = (body: { device_auth_id: string; user_code: string }) =>
    postJson(`${issuer.origin}/api/accounts/deviceauth/token`, {
      device_auth_id: body.device_auth_id,
      user_code: body.user_code,
    });

  it("goes from code to tokens", async () => {
    const { status, body } = await start();
    assert.equal(status, 200);
    assert.equal(body.interval, "5");
    assert.equal((await poll(body)).status, 403);
    await approveDeviceByHttp(issuer.origin, body.user_code, "team@example.com", "password");
    const done = await poll(body);
    assert.equal(done.status, 200);
    const tokens = await postForm(`${issuer.origin}/oauth/token`, {
      grant_type: "authorization_code",
      client_id: clientId,
      code: done.body.authorization_code,
      redirect_uri: `${issuer.origin}/deviceauth/callback`,
      code_verifier: done.body.code_verifier,
    });
    assert.equal(tokens.status, 200);
    assert.match(tokens.body.refresh_token, /^rt\./);
    const [exchange] = issuer.recordsOf("codeExchange");
    assert.deepEqual([exchange?.pkce, exchange?.account], [true, "team"]);
    assert.deepEqual(
      issuer.recordsOf("devicePoll").map(({ outcome }) => outcome),
      ["pending", "issued"],
    );
  });

  it("says when the person cancels", async () => {
    const { body } = await start();
    await approveDeviceByHttp(issuer.origin, body.user_code, "", "", { cancel: true });
    const denied = await poll(body);
    assert.deepEqual([denied.status, denied.body.error.code], [400, "access_denied"]);
  });

  it("refuses a code that is wrong or has expired", async () => {
    await assert.rejects(
      approveDeviceByHttp(issuer.origin, "AAAA-BBBBB", "team@example.com", "password"),
      /wrong or has expired/,
    );
    issuer.setDevice({ lifetime: 0 });
    const { body } = await start();
    await assert.rejects(
      approveDeviceByHttp(issuer.origin, body.user_code, "team@example.com", "password"),
      /wrong or has expired/,
    );
    assert.deepEqual((await poll(body)).body.error.code, "expired_token");
    assert.equal((await poll({ device_auth_id: "no", user_code: "no" })).status, 403);
  });

  it("can be switched off, and can use the other spelling of the code", async () => {
    issuer.setDevice({ enabled: false });
    assert.equal((await start()).status, 404);
    issuer.setDevice({ enabled: true, userCodeField: "usercode", interval: 1 });
    const { body } = await start();
    assert.match(body.usercode, /^[A-Z0-9]{4}-[A-Z0-9]{5}$/);
    assert.equal(body.interval, "1");
  });
});
