import assert from "node:assert/strict";
import fc from "fast-check";
import { usageFromAnswer, usageFromEvent, usageFromHeaders } from "../../../src/openai/usage.ts";

describe("what is told of the plan's use", () => {
  it("is within its bounds whatever numbers are told", () => {
    const number = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1, 0, 100, 101, null, "50", {}, [], true),
    );
    const window = fc.record({
      used_percent: number,
      window_minutes: number,
      limit_window_seconds: number,
      reset_at: number,
    });
    fc.assert(
      fc.property(window, window, (primary, secondary) => {
        const told = [
          usageFromEvent({ rate_limits: { primary, secondary } }),
          usageFromAnswer({ rate_limit: { primary_window: primary, secondary_window: secondary } }),
          usageFromHeaders(
            new Headers({
              "x-codex-primary-used-percent": String(primary.used_percent),
              "x-codex-primary-window-minutes": String(primary.window_minutes),
              "x-codex-primary-reset-at": String(primary.reset_at),
            }),
          ),
        ];
        for (const one of told.flatMap((usage) => [usage?.fiveHour, usage?.weekly])) {
          if (!one) continue;
          assert.ok(one.usedPercent >= 0 && one.usedPercent <= 100 && one.leftPercent === 100 - one.usedPercent);
          const { windowMinutes: minutes = 1, resetsAt = Date.UTC(2026) } = one;
          assert.ok(minutes > 0 && minutes <= 366 * 24 * 60);
          assert.ok(resetsAt >= Date.UTC(2000) && resetsAt <= Date.UTC(2200));
        }
      }),
    );
  });

  it("has the time when a window resets also where that is told in milliseconds", () => {
    const told = usageFromEvent({ rate_limits: { primary: { used_percent: 1, reset_at: 1_800_000_000_000 } } });
    assert.equal(told?.fiveHour?.resetsAt, 1_800_000_000_000);
  });
});
