import assert from "node:assert/strict";
import {
  mergeUsage,
  type NoticesGiven,
  noticeWhenLittleLeft,
  type Usage,
  type UsageWindow,
  usageFromAnswer,
  usageFromEvent,
  usageFromHeaders,
} from "../../../src/openai/usage.ts";
import type { UsageMeter } from "../../../src/openai/usageMeter.ts";
import { isProblem, Problem, type ProblemCode } from "../../../src/shared/problem.ts";
import { answers, faults } from "../../fakeApi/answers.ts";
import { CollectedAnswer, type Fixture, startFixture } from "./fixture.ts";

const headers = {
  "x-codex-primary-used-percent": "42.5",
  "x-codex-primary-window-minutes": "300",
  "x-codex-primary-reset-at": "1800000000",
  "x-codex-secondary-used-percent": "91",
  "x-codex-secondary-window-minutes": "10080",
  "x-codex-secondary-reset-at": "1800400000",
};

const fiveHour: UsageWindow = { usedPercent: 42.5, leftPercent: 57.5, resetsAt: 1_800_000_000_000, windowMinutes: 300 };
const weekly: UsageWindow = { usedPercent: 91, leftPercent: 9, resetsAt: 1_800_400_000_000, windowMinutes: 10_080 };

const answer = {
  plan_type: "plus",
  rate_limit: {
    allowed: true,
    limit_reached: false,
    primary_window: {
      used_percent: 42.5,
      limit_window_seconds: 18_000,
      reset_after_seconds: 60,
      reset_at: 1_800_000_000,
    },
    secondary_window: {
      used_percent: 91,
      limit_window_seconds: 604_800,
      reset_after_seconds: 60,
      reset_at: 1_800_400_000,
    },
  },
};

describe("the plan's use", () => {
  it("is the same from headers, from the stream and when asked for", () => {
    assert.deepEqual(usageFromHeaders(new Headers(headers)), {
      fiveHour,
      weekly,
      plan: undefined,
      limitReached: false,
    });
    assert.deepEqual(
      usageFromEvent({
        type: "codex.rate_limits",
        plan_type: "plus",
        rate_limits: {
          primary: { used_percent: 42.5, window_minutes: 300, reset_at: 1_800_000_000 },
          secondary: { used_percent: 91, window_minutes: 10_080, reset_at: 1_800_400_000 },
        },
      }),
      { fiveHour, weekly, plan: "plus", limitReached: false },
    );
    assert.deepEqual(usageFromAnswer(answer), { fiveHour, weekly, plan: "plus", limitReached: false });
  });

  it("knows a window by its length, wherever it is told", () => {
    const only = usageFromHeaders(
      new Headers({ "x-codex-primary-used-percent": "5", "x-codex-primary-window-minutes": "10080" }),
    );
    assert.equal(only?.fiveHour, undefined);
    assert.equal(only?.weekly?.usedPercent, 5);
  });

  it("is unknown where nothing, or nothing readable, is told", () => {
    assert.equal(usageFromHeaders(new Headers()), undefined);
    assert.equal(usageFromHeaders(new Headers({ "x-codex-primary-used-percent": "soon" })), undefined);
    assert.equal(
      usageFromHeaders(new Headers({ "x-codex-primary-used-percent": "0", "x-codex-primary-window-minutes": "0" })),
      undefined,
    );
    assert.equal(usageFromEvent({ rate_limits: null }), undefined);
    assert.equal(
      usageFromEvent({ metered_limit_name: "codex_other", rate_limits: { primary: { used_percent: 99 } } }),
      undefined,
    );
    assert.equal(usageFromAnswer({ rate_limit: null }), undefined);
    assert.equal(usageFromAnswer("<html>"), undefined);
  });

  it("keeps used and left within 0 and 100", () => {
    const over = usageFromHeaders(new Headers({ "x-codex-primary-used-percent": "104" }));
    assert.equal(over?.fiveHour?.usedPercent, 100);
    assert.equal(over?.fiveHour?.leftPercent, 0);
  });

  it("does without a time that is none", () => {
    for (const resetAt of ["1e300", "9e15", "-5", "Infinity"]) {
      const used = { "x-codex-primary-used-percent": "50", "x-codex-primary-window-minutes": "300" };
      const told = usageFromHeaders(new Headers({ ...used, "x-codex-primary-reset-at": resetAt }));
      assert.deepEqual([told?.fiveHour?.usedPercent, told?.fiveHour?.resetsAt], [50, undefined], resetAt);
    }
  });

  it("keeps what newer news do not tell", () => {
    const known = usageFromAnswer(answer);
    const news: Usage = {
      fiveHour: { ...fiveHour, usedPercent: 50, leftPercent: 50 },
      weekly: undefined,
      plan: undefined,
      limitReached: true,
    };
    assert.deepEqual(mergeUsage(known, news), { fiveHour: news.fiveHour, weekly, plan: "plus", limitReached: true });
  });
});

describe("the notice that little is left", () => {
  const usage = (left: { fiveHour?: number; weekly?: number }, resetsAt: number | undefined = 5_000): Usage => {
    const window = (value: number | undefined): UsageWindow | undefined =>
      value === undefined ? undefined : { usedPercent: 100 - value, leftPercent: value, resetsAt, windowMinutes: 300 };
    return { fiveHour: window(left.fiveHour), weekly: window(left.weekly), plan: "plus", limitReached: false };
  };

  it("is given once for a window, and again when the next one runs low", () => {
    let given: NoticesGiven = {};
    const told = (left: number, now: number, resetsAt?: number) => {
      const decision = noticeWhenLittleLeft(usage({ fiveHour: left }, resetsAt), given, now);
      given = decision.given;
      return decision.notice;
    };
    assert.equal(told(11, 0), undefined);
    assert.equal(told(10, 1), "fiveHour");
    assert.equal(told(3, 2), undefined);
    assert.equal(told(0, 4_999), undefined);
    assert.equal(told(100, 5_000, 9_000), undefined);
    assert.equal(told(9, 6_000, 9_000), "fiveHour");
    assert.equal(told(8, 6_001, 9_000), undefined);
  });

  it("is none for a window that has reset, of which the service has said nothing since", () => {
    for (const now of [5_000, 5_001]) {
      assert.deepEqual(noticeWhenLittleLeft(usage({ fiveHour: 5 }), { fiveHour: 5_000 }, now), {
        notice: undefined,
        given: {},
      });
    }
  });

  it("is one notice when both windows run low", () => {
    const first = noticeWhenLittleLeft(usage({ fiveHour: 5, weekly: 5 }), {}, 0);
    assert.equal(first.notice, "weekly");
    assert.equal(noticeWhenLittleLeft(usage({ fiveHour: 4, weekly: 4 }), first.given, 1).notice, undefined);
  });

  it("is not put off for years by a window that resets in years, or a memory that says so", () => {
    const now = Date.UTC(2026, 10, 26);
    const years = now + 5 * 365 * 86_400_000;
    const first = noticeWhenLittleLeft(usage({ fiveHour: 5 }, years), {}, now);
    assert.deepEqual(first, { notice: "fiveHour", given: { fiveHour: now + 300 * 60_000 } });
    for (const until of [years, 1e300, Number.MAX_VALUE]) {
      const soon = now + 3_600_000;
      const next = noticeWhenLittleLeft(usage({ fiveHour: 5 }, soon), { fiveHour: until }, now);
      assert.deepEqual(next, { notice: "fiveHour", given: { fiveHour: soon } });
    }
  });

  it("is not repeated where the service does not tell the window's end", () => {
    const news: Usage = {
      ...usage({ weekly: 5 }),
      weekly: { usedPercent: 95, leftPercent: 5, resetsAt: undefined, windowMinutes: undefined },
    };
    const first = noticeWhenLittleLeft(news, {}, 0);
    assert.equal(first.notice, "weekly");
    assert.equal(noticeWhenLittleLeft(news, first.given, 6 * 86_400_000).notice, undefined);
    assert.equal(noticeWhenLittleLeft(news, first.given, 7 * 86_400_000).notice, "weekly");
  });
});

const isCode = (code: ProblemCode) => (error: unknown) => {
  assert.ok(isProblem(error), String(error));
  assert.equal(error.code, code);
  return true;
};

describe("the usage meter", () => {
  let fixture: Fixture;
  let meter: UsageMeter;
  beforeEach(async () => {
    fixture = await startFixture();
    fixture.fakeApi.usage = answer;
    meter = fixture.openai.usage;
  });
  afterEach(() => fixture.stop());

  it("reads once for all who ask at once, and tells of the change", async () => {
    const told: (Usage | undefined)[] = [];
    meter.onDidChange((usage) => told.push(usage));
    const [one, two] = await Promise.all([meter.read(fixture.chatgpt), meter.read(fixture.chatgpt)]);
    assert.deepEqual(one, { fiveHour, weekly, plan: "plus", limitReached: false });
    assert.equal(one, two);
    assert.equal(fixture.fakeApi.records.length, 1);
    assert.deepEqual(told, [one]);
    assert.deepEqual(meter.current, one);
    await meter.read(fixture.chatgpt);
    assert.equal(fixture.fakeApi.records.length, 2);
  });

  it("does not show the use of an account that is gone meanwhile", async () => {
    const reading = meter.read(fixture.chatgpt);
    meter.clear();
    await reading;
    assert.equal(meter.current, undefined);
  });

  it("replaces a refused credential once, and says what failed", async () => {
    fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: (bearer) => bearer.endsWith("-replaced") };
    assert.equal((await meter.read(fixture.chatgpt)).plan, "plus");
    fixture.fakeApi.outage = faults.edge;
    await assert.rejects(meter.read(fixture.chatgpt), isCode("edgeBlocked"));
    assert.equal(meter.current?.plan, "plus");
    await assert.rejects(meter.read(fixture.platform), isCode("forbidden"));
  });

  it("replaces a credential that is refused under any status", async () => {
    for (const status of [200, 400, 403]) {
      fixture.credentials.onRejected = async (credential) => {
        fixture.fakeApi.outage = undefined;
        return credential;
      };
      fixture.fakeApi.outage = { status, json: { error: { code: "token_expired", message: "m" } } };
      assert.equal((await meter.read(fixture.chatgpt)).plan, "plus", `${status}`);
    }
  });

  it("replaces nothing for a proxy's page with status 401", async () => {
    fixture.fakeApi.outage = { status: 401, html: "<html>Proxy authentication</html>" };
    await assert.rejects(meter.read(fixture.chatgpt), isCode("unreadableAnswer"));
    assert.equal(fixture.credentials.rejections.length, 0);
  });

  it("does not say that the sign-in is over when something in between says 401", async () => {
    fixture.fakeApi.outage = { status: 401, json: { message: "Unauthorized" } };
    await assert.rejects(meter.read(fixture.chatgpt), isCode("unreadableAnswer"));
    assert.equal(fixture.credentials.rejections.length, 1);
    fixture.credentials.onRejected = () => Promise.reject(new Problem("notYetAccepted"));
    await assert.rejects(meter.read(fixture.chatgpt), isCode("unreadableAnswer"));
    fixture.fakeApi.outage = { status: 401, json: { error: { message: "m" } } };
    await assert.rejects(meter.read(fixture.chatgpt), isCode("notYetAccepted"));
  });

  it("learns of an error from the error, whatever its status", async () => {
    fixture.fakeApi.outage = { ...faults.quota, status: 200 };
    await assert.rejects(meter.read(fixture.chatgpt), isCode("quotaExceeded"));
    fixture.fakeApi.outage = faults.portal;
    await assert.rejects(meter.read(fixture.chatgpt), isCode("unreadableAnswer"));
    fixture.fakeApi.outage = { status: 200, json: { status: "login required" } };
    await assert.rejects(meter.read(fixture.chatgpt), isCode("unreadableAnswer"));
    assert.equal(meter.current, undefined);
    fixture.fakeApi.outage = undefined;
    fixture.fakeApi.usage = { ...answer, error: null };
    assert.equal((await meter.read(fixture.chatgpt)).plan, "plus");
  });

  it("takes in what the answers to requests tell", async () => {
    const limits = { type: "codex.rate_limits", rate_limits: { primary: { used_percent: 50, window_minutes: 300 } } };
    fixture.fakeApi.next({ ...answers.text("hi"), parts: [{ event: limits }, { text: "hi" }], headers });
    const collected = new CollectedAnswer();
    await fixture.send({ collected, onHeaders: (told) => meter.note(usageFromHeaders(told)) });
    assert.equal(meter.current?.fiveHour?.usedPercent, 42.5);
    meter.note(usageFromEvent(collected.limits[0]));
    assert.equal(meter.current?.fiveHour?.usedPercent, 50);
    assert.equal(meter.current?.weekly?.usedPercent, 91);
  });
});
