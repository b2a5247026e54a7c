import assert from "node:assert/strict";
import { type View, viewSchema } from "../../../../src/shared/panelProtocol.ts";
import { account, otherAccounts, signedInView, usage } from "../../../panel/views.ts";

describe("A view for the panel", () => {
  const since = 1_790_000_000_000;
  const views: readonly View[] = [
    signedInView({ otherAccounts, usage: usage(), attempt: { stage: "starting", since } }),
    signedInView({
      attempt: {
        ...{ stage: "waitingForDevice", since, until: since },
        device: { userCode: "ABCD-12345", page: "https://auth.openai.com/codex/device" },
      },
      sign: {
        status: "needsSignIn",
        account: account({ derivedKey: { status: "absent", why: "refused" } }),
        why: "expired",
      },
      usage: { status: "unavailable", why: "VS Code is offline." },
      ownKey: { status: "absent", inEnvironment: true },
    }),
  ];

  it("is taken as it is", () => {
    for (const view of views) assert.deepEqual(viewSchema.parse(view), view);
  });

  it("can have nothing else in any part of it: no token, no key, no address", () => {
    for (const view of views) {
      const parts: object[] = [];
      const copy = structuredClone(view);
      const collect = (value: unknown) => {
        if (typeof value !== "object" || value === null) return;
        if (!Array.isArray(value)) parts.push(value);
        Object.values(value).forEach(collect);
      };
      collect(copy);
      assert.ok(parts.length > 5);
      for (const part of parts) {
        for (const name of ["accessToken", "refreshToken", "key", "url", "command"]) {
          if (name in part) continue;
          Object.assign(part, { [name]: "secret" });
          assert.equal(viewSchema.safeParse(copy).success, false, `${name} in ${JSON.stringify(part)}`);
          Reflect.deleteProperty(part, name);
        }
      }
    }
  });

  it("has keys masked, which a whole one is too long for", () => {
    const key = `sk-${"a".repeat(18)}`;
    const whole = [
      signedInView({ ownKey: { status: "present", masked: key, checked: true } }),
      signedInView({}, { derivedKey: { status: "present", masked: key, createdAt: since } }),
    ];
    for (const view of whole) assert.equal(viewSchema.safeParse(view).success, false);
  });
});
