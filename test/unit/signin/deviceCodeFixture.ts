import type { Account } from "../../../src/account/state.ts";
import type { AuthorizationGrant } from "../../../src/oauth/authorizationRequest.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { Attempt } from "../../../src/signin/attempt.ts";
import { SignInPage } from "../../../src/signin/signInPage.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { type Scripted, ScriptedHttp } from "./scriptedHttp.ts";

export const second = 1000;
export const minute = 60 * second;
export const issuer = "https://issuer.test";
export const started = { json: { device_auth_id: "device-1", user_code: "ABCD-12345", interval: "5" } };
export const pending = { status: 403, json: { error: { code: "deviceauth_authorization_unknown" } } };
export const approved = { json: { authorization_code: "code-1", code_verifier: "verifier-1", code_challenge: "x" } };

/**
 * A device code flow against an issuer that answers as told, by a clock that is moved by hand.
 * @param wallMs by how much the computer's clock is set while the code is asked for, ms
 */
export async function startFlow(script: readonly Scripted[], start: Scripted = started, wallMs = 0) {
  const clock = new ManualClock(0);
  const at: number[] = [];
  const http = new ScriptedHttp([start, ...script], () => {
    if (at.push(clock.now()) === 1) clock.setWall(wallMs);
  });
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  let shown = 0;
  const attempt = new Attempt({
    ...{ clock, http, issuer },
    log: { debug: write, info: write, warn: write, error: write },
    environment: { web: false, remote: false, host: undefined, hostname: "far-7" },
    page: new SignInPage({ issuer, allowedWorkspaces: [], chooseAccount: false }),
    permit: async () => {},
    send: ({ type }) => {
      if (type === "showDeviceCode") shown += 1;
    },
    onChange: () => {},
  });
  await attempt.flows.show("deviceCode");
  const grants: AuthorizationGrant[] = [];
  let ended: unknown = "running";
  const succeed = () => {
    ended = "signed in";
    attempt.succeed({} as Account);
  };
  Promise.race([attempt.flows.answer, attempt.stopped]).then(
    (grant) => {
      grants.push(grant);
      succeed();
    },
    (reason: unknown) => {
      ended = isProblem(reason) ? reason.code : reason;
      attempt.fail(reason);
    },
  );
  return {
    ...{ attempt, clock, http, grants, lines, succeed },
    /** What the person is shown; it has to be the device code. */
    get state() {
      const { state } = attempt;
      if (state.stage !== "waitingForDevice") throw new Error(state.stage);
      return state;
    },
    get ended() {
      return ended;
    },
    get shown() {
      return shown;
    },
    /** When the issuer was asked, s since the code came. */
    get polls() {
      return at.slice(1).map((ms) => ms / second);
    },
  };
}
