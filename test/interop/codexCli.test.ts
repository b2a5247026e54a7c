import assert from "node:assert/strict";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { parseAuthFile } from "../../src/codex/authFile/parse.ts";
import { previewAuthFile } from "../../src/codex/authFile/preview.ts";
import { type AuthFileRead, readAuthFile } from "../../src/codex/authFile/read.ts";
import { watchAuthFile } from "../../src/codex/authFile/watch.ts";
import { exportAuthFile, writeBackTokens } from "../../src/codex/authFile/write.ts";
import { type Clock, systemClock } from "../../src/platform/clock.ts";
import type { IssuedTokens } from "../issuer/login.ts";
import { codexVersion, ensureCodexCli, runCodex } from "../support/codexCli.ts";
import { eventually } from "../support/timing.ts";
import { useCodexWorld } from "./codexWorld.ts";

describe("the real Codex CLI", function () {
  this.timeout(300_000);
  const world = useCodexWorld();
  const authFile = () => world.authFile;

  async function readLogin(): Promise<{ read: Extract<AuthFileRead, { status: "read" }>; accessToken: string }> {
    const read = await readAuthFile(authFile());
    assert.ok(read.status === "read", read.status);
    const result = parseAuthFile(read.text);
    assert.ok(result.ok && result.file.mode === "chatgpt", JSON.stringify(result));
    return { read, accessToken: result.file.tokens.accessToken };
  }

  it("is the pinned version", async () => {
    assert.match((await runCodex(["--version"], world.environment)).output, new RegExp(`codex-cli ${codexVersion}\\b`));
  });

  it("says that nobody is signed in", async () => {
    const nobody = { account: undefined, accessToken: undefined };
    assert.deepEqual(await world.appServer().refreshThroughCli(), { ok: true, value: nobody });
    assert.deepEqual(await world.appServer().accessTokenFromCli(), { ok: true, value: undefined });
  });

  it("is found too old for a question that it does not know", async () => {
    // What a future CLI without these questions would answer, said by the real one.
    const { AppServerProcess } = await import("../../src/codex/appServer/appServerProcess.ts");
    const server = new AppServerProcess({
      codex: ensureCodexCli(),
      cwd: world.home,
      env: world.environment,
      clock: systemClock,
    });
    await server.request("initialize", { clientInfo: { name: "chatgpt-sign-in", title: "x", version: "0" } });
    server.notify("initialized");
    await assert.rejects(server.request("no/such", {}), { failure: "tooOld" });
    await server.close();
  });

  it("signs in for itself, and what it writes is read, previewed and answered for", async () => {
    await world.signInWithCli();
    const { read, accessToken } = await readLogin();
    assert.deepEqual(read.warnings, []);
    const result = parseAuthFile(read.text);
    assert.ok(result.ok);
    const preview = previewAuthFile(result.file);
    assert.deepEqual([preview.email, preview.plan, preview.mode], ["plus@example.com", "plus", "chatgpt"]);
    assert.deepEqual(await world.appServer().accessTokenFromCli(), { ok: true, value: accessToken });
  });

  it("refreshes itself when asked, and the watcher reports it once", async () => {
    await world.signInWithCli();
    const { read: known, accessToken } = await readLogin();
    const refreshes = world.issuer.recordsOf("refresh").length;
    const told: AuthFileRead[] = [];
    const watching = watchAuthFile(authFile(), (read) => told.push(read), { clock: systemClock, known });
    const result = await world.appServer().refreshThroughCli();
    assert.ok(result.ok, JSON.stringify(result));
    await eventually(() => assert.equal(told.length, 1));
    watching.dispose();
    assert.deepEqual([result.value.account?.email, result.value.account?.planType], ["plus@example.com", "plus"]);
    assert.equal(world.issuer.recordsOf("refresh").length, refreshes + 1);
    const after = await readLogin();
    assert.notEqual(after.accessToken, accessToken);
    assert.equal(result.value.accessToken, after.accessToken);
    assert.ok(told[0]?.status === "read" && told[0].fingerprint === after.read.fingerprint);
    assert.deepEqual(world.issuer.recordsOf("reuseDetected"), []);
  });

  it("saves its new tokens although it answers after our time is up", async () => {
    await world.signInWithCli();
    const { accessToken } = await readLogin();
    world.issuer.faults.set("token", { kind: "slow", delayMs: 2000, times: 1 });
    const slow = world.issuer.recordsOf("fault").length + 1;
    // The time is up when the issuer has the request and has not answered it.
    const clock: Clock = {
      now: () => systemClock.now(),
      elapsed: systemClock.elapsed,
      after(ms, callback) {
        if (ms !== 10_000) return systemClock.after(ms, callback);
        world.issuer.waitForRecord("fault", { count: slow }).then(callback, () => undefined);
        return { dispose: () => undefined };
      },
    };
    const server = world.appServer({ clock });
    assert.deepEqual(await server.refreshThroughCli(), { ok: false, failure: "hung" });
    assert.equal((await readLogin()).accessToken, accessToken);
    await server.settled();
    assert.notEqual((await readLogin()).accessToken, accessToken);
    assert.ok((await world.appServer().refreshThroughCli()).ok);
    assert.deepEqual(world.issuer.recordsOf("reuseDetected"), []);
  });

  it("answers alike when its refresh failed for the moment: the same token tells, and nothing is lost", async () => {
    await world.signInWithCli();
    const { accessToken } = await readLogin();
    world.issuer.faults.set("token", { kind: "serverError" });
    const failed = await world.appServer().refreshThroughCli();
    world.issuer.faults.clear("token");
    assert.ok(failed.ok && failed.value.account);
    assert.equal(failed.value.accessToken, accessToken);
    const later = await world.appServer().refreshThroughCli();
    assert.ok(later.ok);
    assert.notEqual(later.value.accessToken, accessToken);
  });

  it("knows no account any more when its refresh token is not accepted, and keeps its file", async () => {
    await world.signInWithCli();
    const { read } = await readLogin();
    world.issuer.expireRefreshTokens();
    const result = await world.appServer().refreshThroughCli();
    assert.ok(result.ok);
    assert.equal(result.value.account, undefined);
    assert.equal((await readLogin()).read.text, read.text);
  });

  it("accepts our write-back, and goes on refreshing from it", async () => {
    await world.signInWithCli();
    const { read } = await readLogin();
    const { tokens } = JSON.parse(read.text);
    const issued = await refresh(tokens.refresh_token);
    const update = { idToken: issued.id_token, accessToken: issued.access_token, refreshToken: issued.refresh_token };
    assert.equal((await writeBackTokens(read, { ...update, refreshedAt: Date.now() })).status, "written");
    assert.match((await runCodex(["login", "status"], world.environment)).output, /Logged in using ChatGPT/);
    assert.ok((await world.appServer().refreshThroughCli()).ok);
    const after = JSON.parse(await readFile(authFile(), "utf8")).tokens;
    assert.equal(after.login_owner_id, tokens.login_owner_id);
    assert.deepEqual(world.issuer.recordsOf("reuseDetected"), []);
  });

  it("accepts an exported login, and refreshes it", async () => {
    await world.signInWithCli();
    const { tokens } = JSON.parse((await readLogin()).read.text);
    world.moveTo(".codex");
    const login = {
      idToken: tokens.id_token,
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      workspaceId: tokens.account_id,
      refreshedAt: Date.now(),
    };
    assert.equal((await exportAuthFile(authFile(), login, undefined, Date.now())).status, "written");
    const status = await runCodex(["login", "status"], world.environment);
    assert.deepEqual([status.status, /Logged in using ChatGPT/.test(status.output)], [0, true]);
    assert.ok((await world.appServer().refreshThroughCli()).ok);
    assert.equal((await stat(authFile())).mode & 0o777, 0o600);
    assert.deepEqual(world.issuer.recordsOf("reuseDetected"), []);
  });

  it("refuses the same doubled keys as we do, and a byte order mark, which we read", async () => {
    await world.signInWithCli();
    const { read } = await readLogin();
    const doubled = read.text.replace("{", '{"tokens":null,');
    for (const text of [doubled, `\uFEFF${read.text}`]) {
      await writeFile(authFile(), text);
      assert.equal((await runCodex(["login", "status"], world.environment)).status, 1);
    }
    assert.equal(parseAuthFile(doubled).ok, false);
    assert.equal(parseAuthFile(`\uFEFF${read.text}`).ok, true);
  });

  it("frees its port when a login is cancelled, and leaves an existing login alone", async () => {
    await world.signInWithCli();
    const { read } = await readLogin();
    const login = await world.appServer().startLogin();
    assert.ok(login.ok);
    login.value.cancel();
    assert.deepEqual(await login.value.completed, { ok: false, failure: "cancelled" });
    const redirect = new URL(new URL(login.value.authUrl).searchParams.get("redirect_uri") ?? "");
    await assert.rejects(fetch(redirect));
    assert.equal((await readLogin()).read.text, read.text);
    assert.ok((await readdir(world.home)).includes("auth.json"));
  });

  async function refresh(token: string): Promise<IssuedTokens> {
    const response = await fetch(new URL("/oauth/token", world.issuer.listening), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
        grant_type: "refresh_token",
        refresh_token: token,
      }),
    });
    assert.equal(response.status, 200);
    return (await response.json()) as IssuedTokens;
  }
});
