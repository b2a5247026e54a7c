import assert from "node:assert/strict";
import { Activity } from "../../../src/editor/activity.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { Problem, sentenceFor } from "../../../src/shared/problem.ts";

describe("What is under way", () => {
  let activity: Activity;
  let shown: string[];
  let views: string[];

  beforeEach(() => {
    shown = [];
    views = [];
    const log = createLogger(() => assert.fail("nothing to log"));
    activity = new Activity({ problem: (what, error) => `${what}: ${sentenceFor(error)}` }, log);
    activity.onDidChange(() => views.push(activity.busy.join()));
    activity.onDidChange(() => activity.problem !== undefined && shown.push(activity.problem));
  });

  it("is every action of two at once, and the end of one leaves the other", async () => {
    const [refresh, import_] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const one = activity.run("Refreshing", () => refresh.promise, "refresh");
    const two = activity.run("Importing", () => import_.promise, "codex");
    assert.deepEqual(activity.busy, ["refresh", "codex"]);
    refresh.resolve();
    await one;
    assert.deepEqual(activity.busy, ["codex"]);
    import_.reject(new Problem("notSignedIn"));
    await two;
    assert.deepEqual(activity.busy, []);
    assert.deepEqual(views, ["refresh", "refresh,codex", "codex", "codex", ""]);
  });

  it("is shown once for the same action twice, and until the last of them has ended", async () => {
    const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const runs = ends.map(({ promise }) => activity.run("Signing out", () => promise, "signOut"));
    assert.deepEqual(activity.busy, ["signOut"]);
    ends[1]?.resolve();
    await runs[1];
    assert.deepEqual(activity.busy, ["signOut"]);
    ends[0]?.resolve();
    await runs[0];
    assert.deepEqual(activity.busy, []);
  });

  it("is not touched by what runs beside it without a button", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const exporting = activity.run("Exporting", () => promise, "codex");
    await activity.run("Switching the account", async () => {});
    assert.deepEqual(activity.busy, ["codex"]);
    resolve();
    await exporting;
  });

  it("resolves with what the work did; a failure is kept until the next begins, a cancellation is none", async () => {
    assert.equal(await activity.run("Importing", () => "signIn"), "signIn");
    const failing = async () => {
      throw new Problem("notSignedIn");
    };
    assert.equal(await activity.run("Refreshing", failing), undefined);
    const sentence = `Refreshing: ${new Problem("notSignedIn").message}`;
    assert.equal(activity.problem, sentence);
    await activity.run("Signing in", async () => {
      assert.equal(activity.problem, undefined);
      throw new Problem("cancelled");
    });
    assert.equal(activity.problem, undefined);
    assert.deepEqual([...new Set(shown)], [sentence]);
  });
});
