import assert from "node:assert/strict";
import type { Accounts } from "../../../../src/account/accounts.ts";
import type { Account, AccountsState } from "../../../../src/account/state.ts";
import { type NoticeMemory, UsageView } from "../../../../src/editor/chat/usageView.ts";
import { createOpenAi } from "../../../../src/openai/module.ts";
import { Emitter } from "../../../../src/platform/emitter.ts";
import { eventually } from "../../../support/timing.ts";
import { type Fixture, startFixture } from "../../openai/fixture.ts";

describe("the use of the plan, as it is shown", () => {
  let fixture: Fixture;
  let now: number;
  let state: AccountsState;
  let changed: Emitter<AccountsState>;
  let remembered: ReturnType<NoticeMemory["get"]>;
  let warnings: string[];
  let isWatched: boolean;
  let view: UsageView;
  beforeEach(async () => {
    fixture = await startFixture();
    fixture.fakeApi.usage = answer(37);
    now = Date.now();
    state = stateOf("ada");
    changed = new Emitter(() => {});
    remembered = undefined;
    warnings = [];
    isWatched = false;
    view = create();
  });
  afterEach(() => fixture.stop());

  const stateOf = (id: string, rejected?: Account["rejected"]): AccountsState => {
    const account = { id, rejected } as Account;
    return { accounts: [account], active: account, notice: undefined };
  };
  const answer = (used: number) => ({
    rate_limit: { primary_window: { used_percent: used, limit_window_seconds: 18_000, reset_at: 2_000_000_000 } },
  });
  const window = (used: number) => ({
    name: "fiveHour",
    usedPercent: used,
    leftPercent: 100 - used,
    resetsAt: 2_000_000_000_000,
  });
  const switchTo = (next: AccountsState) => {
    state = next;
    changed.fire(next);
  };
  const reads = () => fixture.fakeApi.records.length;
  const known = async () =>
    eventually(() => {
      const { current } = view;
      assert.ok(current?.status === "known" && !current.updating);
      return current;
    });

  function create(): UsageView {
    const clock = { ...fixture.clock, now: () => now, elapsed: () => now, after: fixture.clock.after };
    const write = () => {};
    return new UsageView({
      accounts: {
        get state() {
          return state;
        },
        onDidChange: changed.event,
      } as Accounts,
      meter: createOpenAi({ ...fixture.dependencies, clock }).usage,
      backend: () => fixture.chatgpt,
      notices: {
        get: () => remembered,
        set: async (notices) => {
          remembered = notices;
        },
      },
      warn: (sentence) => warnings.push(sentence),
      isWatched: () => isWatched,
      clock,
      log: { debug: write, info: write, warn: write, error: write },
    });
  }

  it("is read when somebody looks, not before, and not again for every look", async () => {
    assert.deepEqual(view.current, { status: "reading" });
    assert.equal(reads(), 0);
    view.look();
    view.look();
    assert.deepEqual((await known()).windows, [window(37)]);
    view.look();
    assert.equal(reads(), 1);
    fixture.fakeApi.usage = answer(40);
    view.update();
    assert.deepEqual(view.current, { status: "known", limitReached: false, updating: true, windows: [window(37)] });
    assert.deepEqual((await known()).windows, [window(40)]);
    now += 30_000;
    view.look();
    await known();
    assert.equal(reads(), 3);
  });

  it("is nobody's after a sign-out or while the sign-in has expired, and the next account's is read for who watches", async () => {
    view.look();
    await known();
    switchTo(stateOf("ada", "expired"));
    assert.equal(view.current, undefined);
    view.look();
    assert.equal(reads(), 1);
    isWatched = true;
    fixture.fakeApi.usage = answer(5);
    switchTo(stateOf("bob"));
    assert.deepEqual((await known()).windows, [window(5)]);
    switchTo({ accounts: [], active: undefined, notice: undefined });
    assert.equal(view.current, undefined);
  });

  it("is not shown for another account, whose own is read at once where the last one's was being read", async () => {
    view.look();
    await known();
    switchTo(stateOf("bob"));
    assert.deepEqual(view.current, { status: "reading" });
    view.look();
    switchTo(stateOf("carol"));
    assert.deepEqual(view.current, { status: "reading" });
    assert.deepEqual((await known()).windows, [window(37)]);
    assert.equal(reads(), 3);
  });

  it("is not followed after the end", async () => {
    view.dispose();
    isWatched = true;
    switchTo(stateOf("bob"));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([view.current, reads()], [{ status: "reading" }, 0]);
  });

  it("says why it cannot be told, and tells it when that is over", async () => {
    fixture.fakeApi.outage = { status: 503, json: {} };
    view.look();
    await eventually(() => assert.equal(view.current?.status, "unavailable"));
    assert.deepEqual(view.current, {
      status: "unavailable",
      why: "OpenAI is temporarily unavailable. Try again in a few minutes.",
    });
    fixture.fakeApi.outage = undefined;
    view.update();
    assert.deepEqual((await known()).windows, [window(37)]);
  });

  it("gives one notice when little is left, also after a restart", async () => {
    fixture.fakeApi.usage = answer(93.5);
    view.look();
    await known();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /^6% of your 5-hour limit is left\. It resets on \w+day, May 1[78] at /);
    view = create();
    view.look();
    await known();
    assert.equal(warnings.length, 1);
    isWatched = true;
    switchTo(stateOf("bob"));
    await known();
    assert.equal(warnings.length, 2);
  });
});
