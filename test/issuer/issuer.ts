import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { CreditCounter, listModels, revoke } from "./api.ts";
import { prepareAuthorize, watchAuthorizeEndpoint } from "./authorizeEndpoint.ts";
import { answerControl, controlPath } from "./controlServer.ts";
import { DeviceAuthorization } from "./device.ts";
import { answerWith, delay, FaultBoard, isProcessedFirst, replaceAnswer } from "./faults.ts";
import { asFormRequest, type Call, newRequestId, openAiError, readCall, sendJson } from "./http.ts";
import { handleInteraction, loginPath } from "./interactions.ts";
import { createProvider } from "./provider.ts";
import { SigningKey } from "./signingKey.ts";
import { IssuerState } from "./state.ts";
import { TaskQueue } from "./taskQueue.ts";
import { watchTokenEndpoint } from "./tokenEndpoint.ts";
import {
  type FaultEndpoint,
  type GrantName,
  type IssuerOptions,
  type TestIssuer,
  tokenExchangeGrant,
} from "./types.ts";

const faultEndpoints: Record<string, FaultEndpoint> = {
  "GET /oauth/authorize": "authorize",
  "POST /oauth/token": "token",
  "POST /oauth/revoke": "revoke",
  "GET /v1/models": "models",
  "POST /v1/billing/redeem_credits": "redeem",
  "POST /api/accounts/deviceauth/usercode": "usercode",
  "POST /api/accounts/deviceauth/token": "devicetoken",
};

function grantOf(params: Record<string, string>): GrantName | undefined {
  const grant = params.grant_type;
  if (grant === tokenExchangeGrant) return "token-exchange";
  return grant === "authorization_code" || grant === "refresh_token" ? grant : undefined;
}

/**
 * Starts the test issuer: oidc-provider on loopback, with OpenAI's own endpoints and answers beside it.
 * @throws when the port is taken or an option is wrong
 */
export async function startIssuer(options: IssuerOptions = {}): Promise<TestIssuer> {
  const host = options.host ?? "127.0.0.1";
  const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const listening = `${options.tls === undefined ? "http" : "https"}://${host}:${port}`;
  const origin = options.publicOrigin ?? listening;

  const state = new IssuerState(options);
  const faults = new FaultBoard();
  const handle = createHandler(origin, state, faults);
  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    if (!(await options.beside?.(req, res))) await handle(req, res);
  };
  server.on("request", (req, res) => {
    answer(req, res).catch((error: unknown) => {
      if (!res.headersSent && !res.destroyed) sendJson(res, 500, openAiError("server_error", String(error)));
    });
  });

  const switches: Pick<TestIssuer, "recordsOf" | "waitForRecord" | "secrets" | "bearer"> = {
    recordsOf: (type) => state.recordsOf(type),
    waitForRecord: (type, wait) => state.waitForRecord(type, wait),
    secrets: () => state.secrets(),
    bearer: (value) => state.bearer(value),
  };
  return {
    origin,
    listening,
    issuer: origin,
    apiBaseUrl: `${origin}/v1`,
    chatgptBaseUrl: `${origin}/backend-api`,
    records: state.records,
    faults,
    ...switches,
    setAccount: (sub, patch) => state.setAccount(sub, patch),
    setClockSkew: (seconds) => state.setClockSkew(seconds),
    setLifetimes: (lifetimes) => state.setLifetimes(lifetimes),
    revokeAll: (sub) => state.revokeAll(sub),
    revokeDerivedKeys: (sub) => state.revokeDerivedKeys(sub),
    expireRefreshTokens: () => state.expireRefreshTokens(),
    omitFromRefresh: (fields) => state.omitFromRefresh(fields),
    setStateSuffix: (suffix) => state.setStateSuffix(suffix),
    setDevice: (patch) => state.setDevice(patch),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** Answers a request, with a fault where one is switched on. */
function createHandler(origin: string, state: IssuerState, faults: FaultBoard): Handler {
  const route = createRouter(origin, state);
  const { host, protocol } = new URL(origin);

  return async (req, res) => {
    res.setHeader("date", new Date(Date.now() + state.clockSkew * 1000).toUTCString());
    res.setHeader("x-request-id", newRequestId());
    req.headers["x-forwarded-host"] = host;
    req.headers["x-forwarded-proto"] = protocol.slice(0, -1);
    if (req.url?.startsWith(controlPath)) return answerControl(req, res, state, faults);

    const call = await readCall(req, res, origin);
    const { params } = call;
    state.remember("authorization_code", params.code);
    state.remember("code_verifier", params.code_verifier);
    state.remember("refresh_token", params.refresh_token);
    state.remember("id_token", params.subject_token ?? params.id_token);

    const endpoint = faultEndpoints[`${req.method} ${call.url.pathname}`];
    const fault = endpoint && faults.take(endpoint, grantOf(params));
    if (endpoint === undefined || fault === undefined) return route(call);
    state.record({ type: "fault", endpoint, kind: fault.kind });
    if (fault.delayMs !== undefined && !(await delay(res, fault.delayMs))) return;
    if (fault.kind === "slow") return route(call);
    if (!isProcessedFirst(fault)) return answerWith(res, fault, origin);
    replaceAnswer(res, () => answerWith(res, fault, origin));
    return route(call);
  };
}

/** Passes a call to our own endpoints, and to oidc-provider for everything that OAuth defines. */
function createRouter(origin: string, state: IssuerState): (call: Call) => Promise<void> {
  const key = new SigningKey();
  const provider = createProvider(origin, state, key);
  watchAuthorizeEndpoint(provider, state);
  watchTokenEndpoint(provider, state, key, origin);
  const toProvider = provider.callback();
  const device = new DeviceAuthorization(origin, state);
  const credits = new CreditCounter();
  const grants = new TaskQueue();

  return async (call) => {
    const { pathname } = call.url;
    if (pathname.startsWith(loginPath)) return handleInteraction(call, provider, state);
    switch (`${call.req.method} ${pathname}`) {
      case "GET /oauth/authorize":
        prepareAuthorize(call, state);
        break;
      case "POST /oauth/token": {
        // One request at a time uses a code or a refresh token, or a second use could go unnoticed.
        const used = call.params.refresh_token ?? call.params.code;
        if (used === undefined) break;
        return grants.run(used, () => toProvider(asFormRequest(call), call.res));
      }
      case "POST /oauth/revoke":
        return revoke(call, provider, state);
      case "GET /v1/models":
        return listModels(call, state);
      case "POST /v1/billing/redeem_credits":
        return credits.redeem(call, origin, state, key);
      case "POST /api/accounts/deviceauth/usercode":
        return device.start(call);
      case "POST /api/accounts/deviceauth/token":
        return device.poll(call);
      case "GET /codex/device":
      case "POST /codex/device":
        return device.page(call);
      case "GET /deviceauth/callback":
        return device.callback(call);
    }
    return toProvider(asFormRequest(call), call.res);
  };
}
