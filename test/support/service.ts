import { usualModels } from "../fakeApi/catalogue.ts";
import { FakeApi } from "../fakeApi/fakeApi.ts";
import { startIssuer } from "../issuer/issuer.ts";
import type { IssuerOptions, TestIssuer } from "../issuer/types.ts";

/** All of OpenAI's services that the extension uses, on one origin: the issuer, the Platform and ChatGPT's. */
export interface Service {
  readonly issuer: TestIssuer;
  readonly fakeApi: FakeApi;
  /** The user settings that point the extension here. */
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts the test issuer and the fake API, which accepts the live tokens and keys of the issuer and no others. */
export async function startService(options: IssuerOptions = {}): Promise<Service> {
  const fakeApi = new FakeApi({
    ...usualModels,
    // The models that the issuer lists for a key.
    platformModels: ["gpt-5.6-sol", "gpt-5.5", "gpt-5.2"],
    accepts: (value, surface, workspaceId) => {
      const bearer = issuer.bearer(value);
      return surface === "platform"
        ? bearer?.kind === "API key"
        : bearer?.kind === "access token" && bearer.workspaceId === workspaceId;
    },
  });
  fakeApi.usage = planUsage();
  const issuer = await startIssuer({
    ...options,
    // The issuer decides and records whether a key works.
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
