import assert from "node:assert/strict";
import { progressMessage, SignInProgress } from "../../../../src/editor/signIn/progress.ts";
import { Emitter } from "../../../../src/platform/emitter.ts";
import type { SignInAttempt } from "../../../../src/shared/panelProtocol.ts";
import type { SignIn } from "../../../../src/signin/signIn.ts";
import { resetVscode, settle, state } from "../../../support/vscodeStub/stub.ts";

const minute = 60_000;
const times = { since: 0, until: 10 * minute };

describe("The notification of a sign-in", () => {
  const device = { userCode: "ABCD-12345", page: "https://auth.example/codex/device" };
  const shown: readonly [string, SignInAttempt, RegExp][] = [
    ["starts", { stage: "starting", since: 0 }, /^starting…$/],
    [
      "waits for the browser",
      { stage: "waitingForBrowser", ...times },
      /left\. \[Copy link\].*\[Use device code\].*\[Paste address\]/,
    ],
    [
      "was not opened",
      { stage: "waitingForBrowser", notice: "linkNotOpened", ...times },
      /VS Code didn't open the sign-in page\..* 10 min left\. \[Open page\].*\[Copy link\]/,
    ],
    [
      "was not asked for by the browser",
      { stage: "waitingForBrowser", notice: "pageNotReached", ...times },
      /The browser hasn't opened the sign-in page yet\..* 10 min left\. \[Open page\].*\[Copy link\]/,
    ],
    [
      "waits for a choice",
      { stage: "waitingForChoice", failed: "browser", ...times },
      /another method\. 10 min left\. \[Use device code\].*Paste/,
    ],
    [
      "waits for a choice but the device code's",
      { stage: "waitingForChoice", failed: "deviceCode", ...times },
      /\[Use browser\]/,
    ],
    [
      "waits for the code",
      { stage: "waitingForDevice", device, ...times },
      /Code: ABCD-12345\. Never share it\. 10 min left\. \[Copy code\]\(command:chatgptSignIn.copyDeviceCode\?%5B%22proof%22%5D\).*\[Open page\]\(command:chatgptSignIn.openDevicePage\)/,
    ],
    [
      "waits for the address",
      { stage: "waitingForLink", ...times },
      /\[Paste address\].*\[Copy link\].*\[Use device code\]/,
    ],
    ["redeems the code", { stage: "redeeming", since: 0 }, /^completing the sign-in…$/],
    ["saves", { stage: "saving", since: 0 }, /^saving your credential…$/],
  ];
  for (const [name, attempt, text] of shown) {
    it(`says what it does when it ${name}`, () => assert.match(progressMessage(attempt, 0, "proof"), text));
  }

  it("offers no link to copy where there is none", () => {
    assert.doesNotMatch(progressMessage({ stage: "waitingForDevice", device, ...times }, 0, "proof"), /Copy link/);
  });

  it("tells the time left in minutes, rounded up, and never none", () => {
    const at = (now: number) =>
      /(\d+) min left/.exec(progressMessage({ stage: "waitingForBrowser", ...times }, now, "proof"))?.[1];
    assert.deepEqual([at(0), at(1), at(minute), at(9.5 * minute), at(11 * minute)], ["10", "10", "9", "1", "1"]);
  });

  it("tells each stage once, goes with the sign-in, and cancels it", async () => {
    resetVscode();
    const changed = new Emitter<void>((error) => {
      throw error;
    });
    let cancelled = 0;
    const sign: { running: SignInAttempt | undefined } = { running: { stage: "starting", since: 0 } };
    const signIn = {
      get running() {
        return sign.running;
      },
      onDidChange: changed.event,
      cancel: () => {
        cancelled += 1;
      },
    };
    new SignInProgress(signIn as unknown as SignIn, "proof").show();
    changed.fire();
    sign.running = { stage: "saving", since: 0 };
    changed.fire();
    changed.fire();
    const [progress] = state.progresses;
    assert.deepEqual(progress?.reports, ["starting…", "saving your credential…"]);
    progress?.cancel();
    assert.equal(cancelled, 1);
    assert.equal(progress?.done, false);
    sign.running = undefined;
    changed.fire();
    await settle();
    assert.equal(progress?.done, true);
  });
});
