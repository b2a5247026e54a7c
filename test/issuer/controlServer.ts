import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import type { ControlCalls } from "./control.ts";
import type { FaultBoard } from "./faults.ts";
import { sendJson } from "./http.ts";
import type { IssuerState } from "./state.ts";

export const controlPath = "/test/";

/** `POST /test/{method}` with the arguments as a JSON list: the switches, for a test in another process. */
export async function answerControl(
  req: IncomingMessage,
  res: ServerResponse,
  state: IssuerState,
  faults: FaultBoard,
): Promise<void> {
  const calls: ControlCalls = {
    records: () => state.records,
    secrets: () => state.secrets(),
    waitForRecord: (type, options) => state.waitForRecord(type, options),
    setFault: (endpoint, fault) => faults.set(endpoint, fault),
    clearFaults: (endpoint) => faults.clear(endpoint),
    setAccount: (sub, patch) => state.setAccount(sub, patch),
    setClockSkew: (seconds) => state.setClockSkew(seconds),
    setLifetimes: (lifetimes) => state.setLifetimes(lifetimes),
    revokeAll: (sub) => state.revokeAll(sub),
    revokeDerivedKeys: (sub) => state.revokeDerivedKeys(sub),
    expireRefreshTokens: () => state.expireRefreshTokens(),
    omitFromRefresh: (fields) => state.omitFromRefresh(fields),
    setStateSuffix: (suffix) => state.setStateSuffix(suffix),
    setDevice: (patch) => state.setDevice(patch),
  };
  const name = (req.url ?? "").slice(controlPath.length);
  const call = Object.hasOwn(calls, name)
    ? (calls[name as keyof ControlCalls] as (...args: unknown[]) => unknown)
    : null;
  // A web page cannot send this content type to another origin unasked.
  if (call === null || req.method !== "POST" || req.headers["content-type"] !== "application/json") {
    return sendJson(res, 404, { problem: `there is no POST ${controlPath}${name}` });
  }
  try {
    const args = await json(req);
    sendJson(res, 200, { result: await call(...(Array.isArray(args) ? args : [])) });
  } catch (error) {
    sendJson(res, 400, { problem: error instanceof Error ? error.message : String(error) });
  }
}
