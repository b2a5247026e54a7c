import assert from "node:assert/strict";
import { readFile, realpath, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CodexAppServer, type CodexAppServerOptions } from "../../../../src/codex/appServer/appServer.ts";
import { appServerProblem } from "../../../../src/codex/problems.ts";
import { type Clock, systemClock } from "../../../../src/platform/clock.ts";
import { temporaryFolder } from "../authFile/temporaryFolder.ts";

describe("asking the Codex CLI", function () {
  this.timeout(15_000);
  const folder = temporaryFolder();
  const report = () => join(folder(), "report");

  function cli(behaviour: string, change: Partial<CodexAppServerOptions> = {}): CodexAppServer {
    return new CodexAppServer({
      codex: { command: process.execPath, args: [join(import.meta.dirname, "fakeCodex.ts"), behaviour, report()] },
      cwd: tmpdir(),
      environment: process.env,
      version: "1.2.3",
      clock: systemClock,
      ...change,
    });
  }

  const text = () => readFile(report(), "utf8").catch(() => "");
  const reported = async () => (await text()).trimEnd().split("\n");
  const saved = async () => (await reported()).includes("saved");

  /**
   * A clock by which the 10 seconds are over when the fake has reported `pattern` so many times; each later limit may
   * need more.
   */
  function impatient(pattern: RegExp, times: number, moreEachTime = 0): Clock {
    let needed = times - moreEachTime;
    return {
      now: () => systemClock.now(),
      elapsed: systemClock.elapsed,
      after(ms, callback) {
        if (ms !== 10_000) return systemClock.after(ms, callback);
        let over = false;
        needed += moreEachTime;
        const enough = needed;
        const end = until(async () => over || ((await text()).match(pattern)?.length ?? 0) >= enough, "not reported");
        void end.then(() => over || callback());
        return {
          dispose: () => {
            over = true;
          },
        };
      },
    };
  }

  /** All processes that the fake reported are gone, the grandchild too. */
  async function assertGone(): Promise<void> {
    const pids = (await reported()).filter((line) => line.startsWith("pid ")).map((line) => Number(line.slice(4)));
    assert.ok(pids.length >= 2);
    await until(async () => (await Promise.all(pids.map(isRunning))).every((running) => !running), "still running");
  }

  it("has it refresh, and says who asks", async () => {
    const result = await cli("right").refreshThroughCli();
    const account = { type: "chatgpt", email: "ada@example.com", planType: "plus" };
    assert.deepEqual(result, { ok: true, value: { account, accessToken: "canaryToken" } });
    const lines = await reported();
    assert.ok(lines.includes(`cwd ${await realpath(tmpdir())}`));
    assert.deepEqual(
      lines.slice(3).map((line) => JSON.parse(line)),
      [
        {
          id: 1,
          method: "initialize",
          params: { clientInfo: { name: "chatgpt-sign-in", title: "Sign in with ChatGPT", version: "1.2.3" } },
        },
        { method: "initialized" },
        { id: 2, method: "account/read", params: { refreshToken: true } },
        { id: 3, method: "getAuthStatus", params: { includeToken: true, refreshToken: false } },
      ],
    );
    await assertGone();
  });

  it("shares one refresh among those who ask at the same time", async () => {
    const server = cli("right");
    const results = await Promise.all([
      server.refreshThroughCli(),
      server.refreshThroughCli(),
      server.refreshThroughCli(),
    ]);
    assert.ok(results.every((result) => result.ok));
    assert.equal((await reported()).filter((line) => line.startsWith("pid ")).length, 2);
  });

  it("gets the access token without a refresh", async () => {
    assert.deepEqual(await cli("right").accessTokenFromCli(), { ok: true, value: "canaryToken" });
    const asked = JSON.parse((await reported()).at(-1) ?? "");
    assert.deepEqual(asked.params, { includeToken: true, refreshToken: false });
    await assertGone();
  });

  it("tells nobody signed in, and an API key, from a ChatGPT login", async () => {
    const nobody = { account: undefined, accessToken: undefined };
    assert.deepEqual(await cli("signedOut").refreshThroughCli(), { ok: true, value: nobody });
    assert.deepEqual(await cli("signedOut").accessTokenFromCli(), { ok: true, value: undefined });
    assert.deepEqual(await cli("apiKey").accessTokenFromCli(), { ok: true, value: undefined });
  });

  for (const behaviour of ["withoutNewline", "inPieces", "asksBack", "greets"]) {
    it(`understands an answer that comes ${behaviour}`, async () => {
      assert.equal((await cli(behaviour).refreshThroughCli()).ok, true);
      await assertGone();
    });
  }

  const failures: readonly (readonly [string, string])[] = [
    ["hang", "hung"],
    ["silentHalfLine", "hung"],
    ["die", "died"],
    ["dieAfterInitialize", "died"],
    ["usageError", "tooOld"],
    ["methodNotFound", "tooOld"],
    ["unknownVariant", "tooOld"],
    ["rubbish", "rubbish"],
    ["list", "rubbish"],
    ["talksMuch", "rubbish"],
    ["endless", "rubbish"],
    ["echo", "rubbish"],
    ["rubbishAfterInitialize", "rubbish"],
    ["wrongTypes", "rubbish"],
    ["resultNull", "rubbish"],
    ["refused", "refused"],
    ["hangAfterInitialize", "hung"],
  ];
  for (const [behaviour, failure] of failures) {
    it(`ends as ${failure}, with nothing left running, when it meets: ${behaviour}`, async () => {
      const questions = behaviour === "hangAfterInitialize" ? /"id":2/g : /^pid/gm;
      const started = questions.source === "^pid" ? 6 : 3;
      const patience = failure === "hung" ? { clock: impatient(questions, started) } : {};
      const server = cli(behaviour, { ...patience, lingerMs: 100 });
      const results = await Promise.all([server.refreshThroughCli(), server.accessTokenFromCli(), server.startLogin()]);
      for (const result of results) assert.deepEqual(result, { ok: false, failure });
      await assertGone();
    });
  }

  it("waits 10 seconds by default and no longer", async () => {
    const timers: number[] = [];
    const clock = {
      now: () => 0,
      elapsed: () => 0,
      after: (ms: number, callback: () => void) => {
        timers.push(ms);
        return systemClock.after(ms === 10_000 ? 300 : ms, callback);
      },
    };
    assert.deepEqual(await cli("hang", { clock }).accessTokenFromCli(), { ok: false, failure: "hung" });
    assert.ok(timers.includes(10_000) && timers.every((ms) => ms <= 10_000));
  });

  it("ends as notFound when there is no such program, or it is none", async () => {
    const missing = { command: join(folder(), "codex"), args: [] };
    assert.deepEqual(await cli("", { codex: missing }).refreshThroughCli(), { ok: false, failure: "notFound" });
    await writeFile(missing.command, "not a program", { mode: 0o644 });
    assert.deepEqual(await cli("", { codex: missing }).refreshThroughCli(), { ok: false, failure: "notFound" });
    const nowhere = cli("right", { cwd: join(folder(), "missing") });
    assert.deepEqual(await nowhere.accessTokenFromCli(), { ok: false, failure: "notFound" });
  });

  it("starts no shell", async () => {
    const command = `${process.execPath}; touch ${join(folder(), "shell")}`;
    assert.deepEqual(await cli("", { codex: { command, args: [] } }).refreshThroughCli(), {
      ok: false,
      failure: "notFound",
    });
    await assert.rejects(readFile(join(folder(), "shell")), { code: "ENOENT" });
  });

  it("lets a Codex CLI that is late save its tokens before it is ended", async () => {
    const server = cli("savesLate", { clock: impatient(/"id":2/g, 1), lingerMs: 9000 });
    assert.deepEqual(await server.refreshThroughCli(), { ok: false, failure: "hung" });
    assert.equal(await saved(), false);
    await server.settled();
    assert.ok(await saved());
    await assertGone();
  });

  it("starts no refresh while a late one may still be using the refresh token", async () => {
    const server = cli("savesLate", { clock: impatient(/"id":2/g, 1, 1), lingerMs: 9000 });
    assert.deepEqual(await server.refreshThroughCli(), { ok: false, failure: "hung" });
    await server.refreshThroughCli();
    await server.settled();
    const lines = (await reported()).filter((line) => line === "saved" || line.includes("account/read"));
    assert.deepEqual(
      lines.map((line) => (line === "saved" ? line : "asked")),
      ["asked", "saved", "asked", "saved"],
    );
  });

  it("asks nothing while a late refresh may still be using the refresh token", async () => {
    const server = cli("savesVeryLate", { clock: impatient(/"id":2/g, 1, 1), lingerMs: 9000 });
    assert.deepEqual(await server.refreshThroughCli(), { ok: false, failure: "hung" });
    await server.accessTokenFromCli();
    await server.settled();
    const lines = (await reported()).filter((line) => line === "saved" || line.startsWith("cwd "));
    assert.deepEqual(
      lines.map((line) => line.slice(0, 3)),
      ["cwd", "sav", "cwd"],
    );
  });

  it("has not settled while a refresh is under way", async () => {
    const server = cli("savesLate");
    const refreshing = server.refreshThroughCli();
    await server.settled();
    assert.ok(await saved());
    assert.ok((await refreshing).ok);
  });

  it("refuses a token that would break out of a header", async () => {
    assert.deepEqual(await cli("tokenWithLineBreak").accessTokenFromCli(), { ok: false, failure: "rubbish" });
  });

  it("has it sign in for itself", async () => {
    const login = await cli("right").startLogin();
    assert.ok(login.ok);
    assert.equal(login.value.authUrl, "https://auth.openai.com/oauth/authorize?state=s");
    assert.deepEqual(await login.value.completed, { ok: true, value: undefined });
    assert.deepEqual(JSON.parse((await reported()).at(-1) ?? "").params, { type: "chatgpt" });
    await assertGone();
  });

  for (const [behaviour, failure] of [
    ["loginFails", "refused"],
    ["loginDies", "died"],
  ] as const) {
    it(`reports a login that ends as ${failure}`, async () => {
      const login = await cli(behaviour).startLogin();
      assert.ok(login.ok);
      assert.deepEqual(await login.value.completed, { ok: false, failure });
      await assertGone();
    });
  }

  it("ends a login that is cancelled, or that the extension's end cuts short", async () => {
    for (const end of ["cancel", "dispose"] as const) {
      const server = cli("loginWaits");
      const login = await server.startLogin();
      assert.ok(login.ok);
      if (end === "cancel") login.value.cancel();
      else server.dispose();
      assert.deepEqual(await login.value.completed, { ok: false, failure: "cancelled" });
      await assertGone();
    }
  });

  it("opens no page but a web page", async () => {
    assert.deepEqual(await cli("loginElsewhere").startLogin(), { ok: false, failure: "rubbish" });
    await assertGone();
  });

  it("has a sentence with a next step for each failure", () => {
    for (const failure of ["notFound", "hung", "died", "tooOld", "rubbish", "refused"] as const) {
      assert.match(appServerProblem(failure).message, /(Install|Check that|Update|Set|Run) /);
    }
  });
});

async function until(condition: () => Promise<boolean>, message: string): Promise<void> {
  const end = performance.now() + 5000;
  while (!(await condition())) {
    assert.ok(performance.now() < end, message);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A process that has ended but was not yet waited for (a zombie) counts as gone. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    return !/\) [ZX] /.test(state);
  } catch {
    return false;
  }
}
