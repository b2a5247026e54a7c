import assert from "node:assert/strict";
import { progressMessage, SignInProgress } from "../../../../src/editor/signIn/progress.ts";
import { Emitter } from "../../../../src/platform/emitter.ts";
import type { FlowName, Stage } from "../../../../src/shared/panelProtocol.ts";
import type { RunningSignIn, SignIn } from "../../../../src/signin/signIn.ts";
import { resetVscode, settle, state } from "../../../support/vscodeStub/stub.ts";

const minute = 60_000;
const running = (flow: FlowName, stage: Stage, more: Partial<RunningSignIn> = {}): RunningSignIn => ({
  ...{ flow, stage, since: 0, until: 10 * minute, notice: undefined, device: undefined, hasLink: true },
  ...more,
});

describe("The notification of a sign-in", () => {
  const device = { userCode: "ABCD-12345", page: "https://auth.example/codex/device" };
  const shown: readonly [string, RunningSignIn, RegExp][] = [
    ["starts", running("browser", "starting"), /^starting…$/],
    [
      "waits for the browser",
      running("browser", "waitingForBrowser"),
      /left\. \[Copy link\].*\[Use device code\].*\[Paste link\]/,
    ],
    [
      "was not opened",
      running("browser", "waitingForBrowser", { notice: "linkNotOpened" }),
      /VS Code did not open the page\..* 10 min left\. \[Open page\].*\[Copy link\]/,
    ],
    [
      "waits for a choice",
      running("browser", "waitingForChoice"),
      /another way\. 10 min left\. \[Use device code\].*Paste/,
    ],
    ["waits for a choice but the device code's", running("deviceCode", "waitingForChoice"), /\[Use browser\]/],
    [
      "waits for the code",
      running("deviceCode", "waitingForDevice", { device }),
      /Code: ABCD-12345\. Never share it\. 10 min left\. \[Copy code\].*\[Open its page\]/,
    ],
    ["waits for the address", running("paste", "waitingForLink"), /\[Paste link\].*\[Copy link\].*\[Use device code\]/],
    ["exchanges the code", running("browser", "exchangingCode"), /^completing the sign-in…$/],
    ["stores", running("browser", "saving"), /^storing the credential…$/],
  ];
  for (const [name, sign, text] of shown) {
    it(`says what it does when it ${name}`, () => assert.match(progressMessage(sign, 0), text));
  }

  it("offers no link to copy where there is none", () => {
    assert.doesNotMatch(progressMessage(running("paste", "waitingForLink", { hasLink: false }), 0), /Copy link/);
  });

  it("tells the time left in minutes, rounded up, and never none", () => {
    const at = (now: number) =>
      /(\d+) min left/.exec(progressMessage(running("browser", "waitingForBrowser"), now))?.[1];
    assert.deepEqual([at(0), at(1), at(minute), at(9.5 * minute), at(11 * minute)], ["10", "10", "9", "1", "1"]);
  });

  it("tells each stage once, goes with the sign-in, and cancels it", async () => {
    resetVscode();
    const changed = new Emitter<void>((error) => {
      throw error;
    });
    let cancelled = 0;
    const sign: { running: RunningSignIn | undefined } = { running: running("browser", "starting") };
    const signIn = {
      get running() {
        return sign.running;
      },
      onDidChange: changed.event,
      cancel: () => {
        cancelled += 1;
      },
    };
    new SignInProgress(signIn as unknown as SignIn).show();
    changed.fire();
    sign.running = running("browser", "saving");
    changed.fire();
    changed.fire();
    const [progress] = state.progresses;
    assert.deepEqual(progress?.reports, ["starting…", "storing the credential…"]);
    progress?.cancel();
    assert.equal(cancelled, 1);
    assert.equal(progress?.done, false);
    sign.running = undefined;
    changed.fire();
    await settle();
    assert.equal(progress?.done, true);
  });
});
