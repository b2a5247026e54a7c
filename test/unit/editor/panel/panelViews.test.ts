import assert from "node:assert/strict";
import { resetVscode, settle } from "../../../support/vscodeStub/stub.ts";
import { createPanelFixture, type PanelFixture, shown, viewOf } from "./panelFixture.ts";

describe("The views that the settings panel is sent", () => {
  let fixture: PanelFixture;
  let panel: PanelFixture["panel"];
  let lines: PanelFixture["lines"];
  let calls: PanelFixture["calls"];
  let changed: PanelFixture["changed"];
  let problems: PanelFixture["problems"];
  let receive: PanelFixture["receive"];
  beforeEach(() => {
    resetVscode();
    fixture = createPanelFixture();
    ({ panel, lines, calls, changed, problems, receive } = fixture);
  });

  describe("answers each question", () => {
    for (const visible of [true, false]) {
      it(`while VS Code says that it is ${visible ? "visible" : "hidden"}`, async () => {
        panel.show();
        shown().setVisible(visible);
        await settle();
        shown().posted.length = 0;
        for (const name of ["one", "two", "three"]) {
          fixture.script.view = () => viewOf(name);
          await receive({ type: "ready" });
        }
        assert.deepEqual(problems(), ["one", "two", "three"]);
        assert.deepEqual(calls, ["look", "look", "look"]);
      });
    }

    it("also when whoever is told that a person looks fails", async () => {
      panel.show();
      Object.assign(calls, { push: () => assert.fail("no") });
      await receive({ type: "ready" });
      assert.deepEqual(problems(), ["first"]);
    });

    it("again, after one that got no view", async () => {
      panel.show();
      fixture.script.view = () => {
        throw Object.assign(new Error("secret detail"), { name: "SettingProblem" });
      };
      await receive({ type: "ready" });
      await receive({ type: "ready" });
      assert.deepEqual(problems(), []);
      assert.equal(lines.filter((line) => line.includes("SettingProblem")).length, 1, String(lines));
      assert.doesNotMatch(lines.join(), /secret detail/);
      fixture.script.view = () => viewOf("corrected");
      await receive({ type: "ready" });
      assert.deepEqual(problems(), ["corrected"]);
    });
  });

  it("sends what changes, and when it is shown again what changed while it was hidden", async () => {
    panel.show();
    fixture.script.view = () => viewOf("second");
    changed.fire();
    await settle();
    assert.deepEqual(problems(), ["second"]);
    shown().setVisible(false);
    fixture.script.view = () => viewOf("third");
    changed.fire();
    changed.fire();
    await settle();
    assert.deepEqual(problems(), ["second"], "VS Code would keep each of them");
    shown().setVisible(true);
    await settle();
    assert.deepEqual(problems(), ["second", "third"]);
    shown().setVisible(false);
    shown().setVisible(true);
    await settle();
    assert.deepEqual(problems(), ["second", "third", "third"], "VS Code has loaded its page again");
    shown().setVisible(false);
    panel.show();
    await settle();
    assert.deepEqual(problems().at(-1), "third");
    assert.equal(shown().visible, true);
  });

  it("sends one view for all that changes in one turn, as it is when the turn ends", async () => {
    panel.show();
    changed.fire();
    fixture.script.view = () => viewOf("between");
    changed.fire();
    fixture.script.view = () => viewOf("last");
    changed.fire();
    await settle();
    assert.deepEqual(problems(), ["last"]);
    changed.fire();
    await settle();
    assert.deepEqual(problems(), ["last", "last"]);
  });

  it("sends nothing to a panel that was closed in the same turn", async () => {
    panel.show();
    const closed = shown();
    let views = 0;
    fixture.script.view = () => {
      views += 1;
      return viewOf("late");
    };
    changed.fire();
    closed.dispose();
    await settle();
    assert.deepEqual([closed.posted, views, lines], [[], 0, []]);
  });

  describe("sends again what did not arrive, with the next", () => {
    const losses: readonly [string, () => Promise<boolean>][] = [
      ["was dropped", async () => false],
      ["was refused", () => Promise.reject(new Error("refused"))],
      [
        "could not be sent at all",
        () => {
          throw new Error("Webview is disposed");
        },
      ],
    ];
    const opportunities: readonly [string, () => unknown][] = [
      ["question", () => receive({ type: "ready" })],
      ["button that is pressed", () => receive({ type: "signIn" })],
      ["change of what VS Code shows", () => shown().viewStateChanged.fire({ webviewPanel: shown() })],
      ["change of the state", () => changed.fire()],
      ["command", () => panel.show()],
    ];
    for (const [how, lose] of losses) {
      for (const [what, take] of opportunities) {
        it(`${what}, after one that ${how}`, async () => {
          panel.show();
          const { postMessage } = shown().webview;
          shown().webview.postMessage = lose;
          fixture.script.view = () => viewOf("lost");
          changed.fire();
          changed.fire();
          await settle();
          assert.equal(lines.length, 1, `said once: ${lines}`);
          shown().webview.postMessage = postMessage;
          await take();
          await settle();
          assert.deepEqual(problems(), ["lost"]);
          // And not for ever.
          shown().viewStateChanged.fire({ webviewPanel: shown() });
          await receive({ type: "signOut" });
          assert.deepEqual(problems(), ["lost"]);
        });
      }
    }
  });

  it("sends with a button what changed while VS Code called it hidden", async () => {
    panel.show();
    await receive({ type: "ready" });
    shown().setVisible(false);
    fixture.script.view = () => viewOf("second");
    changed.fire();
    await receive({ type: "refresh" });
    assert.deepEqual(problems(), ["first", "second"]);
  });

  it("sends nothing twice when an older message is the last to arrive", async () => {
    panel.show();
    const arrivals: PromiseWithResolvers<boolean>[] = [];
    shown().webview.postMessage = () => {
      const arrival = Promise.withResolvers<boolean>();
      arrivals.push(arrival);
      return arrival.promise;
    };
    for (let times = 0; times < 2; times += 1) {
      changed.fire();
      await settle();
    }
    for (const { resolve } of arrivals.toReversed()) {
      resolve(true);
      await settle();
    }
    await receive({ type: "signIn" });
    assert.equal(arrivals.length, 2);
  });

  it("says it again when it could not be told again after it could", async () => {
    panel.show();
    const { postMessage } = shown().webview;
    for (const expected of [1, 2]) {
      shown().webview.postMessage = async () => false;
      changed.fire();
      changed.fire();
      await settle();
      assert.equal(lines.length, expected);
      shown().webview.postMessage = postMessage;
      await receive({ type: "ready" });
    }
  });

  it("does not wait for a message that VS Code keeps", async () => {
    panel.show();
    const { postMessage } = shown().webview;
    shown().webview.postMessage = () => new Promise(() => {});
    changed.fire();
    await settle();
    shown().webview.postMessage = postMessage;
    await receive({ type: "ready" });
    assert.deepEqual(problems(), ["first"]);
  });
});
