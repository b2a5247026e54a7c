import assert from "node:assert/strict";
import type { Accounts } from "../../../src/account/accounts.ts";
import { TokenEndpoint } from "../../../src/oauth/tokenEndpoint.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { Attempt } from "../../../src/signin/attempt.ts";
import { Completion } from "../../../src/signin/completion.ts";
import { startDeviceCodeFlow } from "../../../src/signin/deviceCode.ts";
import { SignInPage } from "../../../src/signin/signInPage.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { noFollowUp } from "../../support/services.ts";
import { issuer, minute, pending, started } from "./deviceCodeFixture.ts";
import { type Scripted, ScriptedHttp } from "./scriptedHttp.ts";

const grant = { code: "code-1", codeVerifier: "verifier-1", redirectUri: "http://localhost:1455/auth/callback" };
const log = { debug() {}, info() {}, warn() {}, error() {} };
const environment = { web: false, remote: false, host: undefined, hostname: "far-7" };

/** An attempt, and what completes it, against an issuer that answers as told. */
function start(script: readonly Scripted[]) {
  const clock = new ManualClock(0);
  const http = new ScriptedHttp(script);
  const page = new SignInPage({ issuer, allowedWorkspaces: [], chooseAccount: false });
  const attempt = new Attempt({
    ...{ clock, http, issuer, log, environment, page },
    permit: async () => {},
    send: () => {},
    onChange: () => {},
  });
  const completion = new Completion({
    accounts: {} as Accounts,
    tokenEndpoint: (of) => new TokenEndpoint(http, of),
    ...{ clock, log },
    allowedWorkspaces: () => [],
    discard: async () => {},
    beginFollowUp: () => noFollowUp,
  });
  return { attempt, completion, http };
}

describe("An answer that comes when the sign-in is over", () => {
  it("is not redeemed after Cancel", async () => {
    const { attempt, completion, http } = start(["hang"]);
    attempt.cancel();
    await assert.rejects(completion.run(attempt, grant, undefined), (error) => isProblem(error, "cancelled"));
    assert.deepEqual(http.requests, []);
  });

  it("is waited for by a shutdown while it is being redeemed", async () => {
    const answer = Promise.withResolvers<void>();
    const { attempt, completion, http } = start([]);
    http.send = async () => {
      await answer.promise;
      return { status: 400, headers: {}, json: { error: "invalid_grant" } };
    };
    const failed = assert.rejects(completion.run(attempt, grant, undefined));
    let isSettled = false;
    const settled = completion.settled().then(() => {
      isSettled = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isSettled, false);
    answer.resolve();
    await Promise.all([failed, settled]);
  });

  it("is not asked for after the device code has expired, whatever ends the sign-in", async () => {
    const clock = new ManualClock(0);
    const http = new ScriptedHttp([started, pending]);
    const flow = await startDeviceCodeFlow({
      ...{ clock, log, http, issuer, environment },
      page: new SignInPage({ issuer, allowedWorkspaces: [], chooseAccount: false }),
      signal: new AbortController().signal,
      outcome: new Promise(() => {}),
      send: () => {},
      stop: () => {},
      changed: () => {},
    });
    const over = assert.rejects(flow.answer, (error) => isProblem(error, "timedOut"));
    await clock.advance(15 * minute - 1);
    const asked = http.requests.length;
    assert.ok(asked > 1);
    await clock.advance(minute);
    await over;
    assert.equal(http.requests.length, asked);
  });
});

describe("What the sign-in page answers", () => {
  for (const [error, detail] of [
    ["server_error", "server_error"],
    ["[Sign in](https://evil.example)", "unusual code"],
    ["free text with a secret", "unusual code"],
    ["two\nlines", "unusual code"],
    ["x".repeat(65), "unusual code"],
  ] as const) {
    it(`is logged by its code alone: ${JSON.stringify(error)}`, async () => {
      const page = new SignInPage({ issuer, allowedWorkspaces: [], chooseAccount: false });
      page.take({ error, entitlement: false }, grant.redirectUri);
      await assert.rejects(page.answer, (problem) => isProblem(problem, "issuerError") && problem.detail === detail);
    });
  }
});
