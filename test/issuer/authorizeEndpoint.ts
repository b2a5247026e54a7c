import type { Provider } from "oidc-provider";
import type { Call } from "./http.ts";
import type { IssuerState } from "./state.ts";

/** Records an authorization request, and adds the consent that oidc-provider wants before it issues a refresh token. */
export function prepareAuthorize(call: Call, state: IssuerState): void {
  const { searchParams } = call.url;
  state.remember("state", searchParams.get("state"));
  state.record({ type: "authorize", params: Object.fromEntries(searchParams), userAgent: call.seen.userAgent });
  if (!searchParams.get("scope")?.split(" ").includes("offline_access")) return;
  // OpenID Connect Core 1.0 section 11: offline_access needs prompt=consent. Our login gives that consent.
  const prompts = new Set(searchParams.get("prompt")?.split(" ") ?? []);
  searchParams.set("prompt", [...prompts.add("consent")].join(" "));
  call.req.url = `${call.url.pathname}?${searchParams}`;
}

/** Records how authorization requests end, and appends the state suffix that a test asked for. */
export function watchAuthorizeEndpoint(provider: Provider, state: IssuerState): void {
  provider.on("authorization.success", (ctx, response) => {
    const account = ctx.oidc.session?.accountId ?? "";
    state.record({ type: "authorized", account, redirectUri: String(ctx.oidc.params?.redirect_uri) });
    if (response !== undefined && typeof response.state === "string") response.state += state.stateSuffix;
  });
  provider.on("authorization.error", (_ctx, error) => {
    state.record({
      type: "authorizeRefused",
      error: error.error,
      detail: error.error_description ?? error.error_detail ?? "",
    });
  });
}
