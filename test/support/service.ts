import { usualModels } from "../fakeApi/catalogue.ts";
import { FakeApi } from "../fakeApi/fakeApi.ts";
import { startIssuer } from "../issuer/issuer.ts";
import type { IssuerOptions, TestIssuer } from "../issuer/types.ts";

/** Everything of OpenAI's that the extension talks to, on one origin: the issuer, the Platform and the ChatGPT service. */
export interface Service {
  readonly issuer: TestIssuer;
  readonly fakeApi: FakeApi;
  /** The user settings that point the extension here. */
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts the test issuer and the stand-in; the stand-in takes the issuer's own live tokens and keys and no others. */
export async function startService(options: IssuerOptions = {}): Promise<Service> {
  const fakeApi = new FakeApi({
    ...usualModels,
    // What the issuer lists to a key.
    platformModels: ["gpt-5.6-sol", "gpt-5.5", "gpt-5.2"],
    accepts: (value, surface, accountId) => {
      const bearer = issuer.bearer(value);
      return surface === "platform"
        ? bearer?.kind === "API key"
        : bearer?.kind === "access token" && bearer.accountId === accountId;
    },
  });
  fakeApi.usage = planUsage();
  const issuer = await startIssuer({
    ...options,
    // Whether a key works is the issuer's to say, and to record.
    beside: async (request, response) =>
      request.url?.startsWith("/v1/models") ? false : fakeApi.handle(request, response),
  });
  return {
    issuer,
    fakeApi,
    settings: {
      "chatgptSignIn.issuer": issuer.issuer,
      "chatgptSignIn.apiBaseUrl": issuer.apiBaseUrl,
      "chatgptSignIn.chatgptBaseUrl": issuer.chatgptBaseUrl,
    },
    close: () => issuer.close(),
  };
}

/** An answer of `wham/usage`: 37 % of the 5-hour window and 64 % of the weekly one are used. */
function planUsage(): unknown {
  const now = Math.floor(Date.now() / 1000);
  const window = (used_percent: number, minutes: number, left: number) => ({
    used_percent,
    limit_window_seconds: minutes * 60,
    reset_after_seconds: left,
    reset_at: now + left,
  });
  return {
    plan_type: "plus",
    rate_limit: {
      allowed: true,
      limit_reached: false,
      primary_window: window(37, 300, 2 * 3600),
      secondary_window: window(64, 10_080, 3 * 86_400),
    },
    credits: { has_credits: false, unlimited: false, balance: null },
  };
}
