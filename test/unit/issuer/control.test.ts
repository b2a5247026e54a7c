import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { controlOf } from "../../issuer/control.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { get, refresh } from "./calls.ts";

describe("test issuer: control from another process", () => {
  let issuer: TestIssuer;
  beforeEach(async () => {
    issuer = await startIssuer({ host: "127.0.0.2" });
  });
  afterEach(() => issuer.close());

  it("reads records and secrets, and changes settings", async () => {
    const control = controlOf(issuer.origin);
    const waiting = control.waitForRecord("codeExchange");
    const tokens = await signInByHttp(issuer.origin, "plus@example.com");
    assert.equal((await waiting)[0]?.account, "plus");
    assert.deepEqual(await control.records(), issuer.records);
    assert.deepEqual(await control.secrets(), issuer.secrets());

    await control.faults.set("token", { kind: "region" });
    assert.equal((await refresh(issuer.origin, tokens.refresh_token)).status, 403);
    await control.faults.clear();
    await control.setAccount("plus", { password: "another" });
    await assert.rejects(signInByHttp(issuer.origin, "plus@example.com"), /Wrong email or password/);
    await control.revokeAll("plus");
    const refused = await refresh(issuer.origin, tokens.refresh_token);
    assert.equal(refused.body.error.code, "refresh_token_invalidated");
    assert.equal((await control.recordsOf("refresh")).length, 1);
  });

  it("says what is wrong", async () => {
    await assert.rejects(controlOf(issuer.origin).setAccount("new", {}), /needs a sub and an email/);
    await assert.rejects(controlOf(issuer.origin).waitForRecord("revoke", { timeoutMs: 10 }), /recorded 0 of 1 revoke/);
    assert.equal((await get(`${issuer.origin}/test/records`)).status, 404);
  });

  it("runs from the command line until SIGTERM", async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL("../../issuer/serve.ts", import.meta.url))], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exit = once(child, "exit");
    const [origin] = await once(createInterface(child.stdout), "line");
    await signInByHttp(origin, "plus@example.com");
    child.kill("SIGTERM");
    assert.deepEqual(await exit, [0, null]);
  });

  it("answers under another origin", async () => {
    const behind = await startIssuer({ publicOrigin: "https://auth.openai.com" });
    try {
      assert.equal(behind.issuer, "https://auth.openai.com");
      const control = controlOf(behind.listening);
      assert.deepEqual(await control.records(), []);
      const { body } = await get(`${behind.listening}/.well-known/openid-configuration`);
      assert.equal(body.issuer, "https://auth.openai.com");
      assert.equal(body.token_endpoint, "https://auth.openai.com/oauth/token");
    } finally {
      await behind.close();
    }
  });
});
