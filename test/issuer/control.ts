import type { Fault, FaultEndpoint, IssuerRecord, IssuerSwitches, RecordOf, Secret, WaitOptions } from "./types.ts";

/** What `POST /test/…` can do; the server and the client below keep to it. */
export interface ControlCalls extends IssuerSwitches {
  records(): readonly IssuerRecord[];
  secrets(): Secret[];
  waitForRecord(type: IssuerRecord["type"], options?: WaitOptions): Promise<IssuerRecord[]>;
  setFault(endpoint: FaultEndpoint, fault: Fault): void;
  clearFaults(endpoint?: FaultEndpoint): void;
}

type Async<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

/** A `TestIssuer` in another process. */
export interface IssuerControl extends Async<IssuerSwitches> {
  records(): Promise<readonly IssuerRecord[]>;
  recordsOf<T extends IssuerRecord["type"]>(type: T): Promise<RecordOf<T>[]>;
  waitForRecord<T extends IssuerRecord["type"]>(type: T, options?: WaitOptions): Promise<RecordOf<T>[]>;
  secrets(): Promise<Secret[]>;
  faults: {
    set(endpoint: FaultEndpoint, fault: Fault): Promise<void>;
    clear(endpoint?: FaultEndpoint): Promise<void>;
  };
}

/** Drives the test issuer at `origin` over HTTP. Every method throws what the issuer says is wrong. */
export function controlOf(origin: string): IssuerControl {
  async function call<K extends keyof ControlCalls>(
    name: K,
    ...args: Parameters<ControlCalls[K]>
  ): Promise<Awaited<ReturnType<ControlCalls[K]>>> {
    const response = await fetch(new URL(`/test/${name}`, origin), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(args.filter((argument) => argument !== undefined)),
    });
    const answer = (await response.json()) as { result: Awaited<ReturnType<ControlCalls[K]>>; problem?: string };
    if (!response.ok) throw new Error(answer.problem ?? `the test issuer answered ${response.status}`);
    return answer.result;
  }
  return {
    records: () => call("records"),
    recordsOf: async <T extends IssuerRecord["type"]>(type: T) =>
      (await call("records")).filter((record): record is RecordOf<T> => record.type === type),
    waitForRecord: async <T extends IssuerRecord["type"]>(type: T, options?: WaitOptions) =>
      (await call("waitForRecord", type, options)) as RecordOf<T>[],
    secrets: () => call("secrets"),
    faults: {
      set: (endpoint, fault) => call("setFault", endpoint, fault),
      clear: (endpoint) => call("clearFaults", endpoint),
    },
    setAccount: (sub, patch) => call("setAccount", sub, patch),
    setClockSkew: (seconds) => call("setClockSkew", seconds),
    setLifetimes: (lifetimes) => call("setLifetimes", lifetimes),
    revokeAll: (sub) => call("revokeAll", sub),
    revokeDerivedKeys: (sub) => call("revokeDerivedKeys", sub),
    expireRefreshTokens: () => call("expireRefreshTokens"),
    omitFromRefresh: (fields) => call("omitFromRefresh", fields),
    setStateSuffix: (suffix) => call("setStateSuffix", suffix),
    setDevice: (patch) => call("setDevice", patch),
  };
}
