import type { BearerCredential, CredentialSource } from "../account/credentialSource.ts";
import type { EndpointPermissions } from "../account/endpointPermissions.ts";
import type { Clock } from "../platform/clock.ts";
import type { HttpClient } from "../platform/httpClient.ts";
import type { Logger } from "../platform/logger.ts";
import { remember } from "../platform/remember.ts";
import { type Backend, type Credentials, chatgptBackend, platformBackend } from "./backend.ts";
import type { ModelCatalogue } from "./modelCatalogue.ts";
import type { ResponseRequest } from "./request.ts";
import type { CompletedResponse } from "./responseEvents.ts";
import { UsageMeter } from "./usageMeter.ts";

export interface OpenAiDependencies {
  readonly http: Pick<HttpClient, "send">;
  /** The editor's own fetch, so that VS Code's proxy and certificate settings apply to streams as well. */
  readonly fetch: typeof fetch;
  readonly credentials: Credentials & Pick<CredentialSource, "assertUsable">;
  readonly endpoints: Pick<EndpointPermissions, "assertAllowed">;
  /** The base URL that the settings name. @throws Problem `badSetting` */
  readonly endpoint: (name: "apiBaseUrl" | "chatgptBaseUrl") => string;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Between 0 and 1; spreads the retries of many. `Math.random` by default. */
  readonly random?: () => number;
}

/** Lists models and sends requests. */
export interface ModelRequests {
  readonly catalogue: ModelCatalogue;
  /** @throws Problem; an abort, and `dispose`, reject with the signal's reason */
  send(request: ResponseRequest): Promise<CompletedResponse>;
}

export interface OpenAi {
  readonly usage: UsageMeter;
  /** The service that the settings name, as of now. @throws Problem `badSetting` */
  backend(kind: Backend["kind"]): Backend;
  /** Loads the code for models and requests when it is first asked for: much of the extension's code is only for that. */
  requests(): Promise<ModelRequests>;
  /** Forgets what was listed for accounts that are not signed in any more. @param ids the accounts that are */
  keepOnly(ids: readonly string[]): void;
  /** Ends the requests that are under way. */
  dispose(): void;
}

/** The services of OpenAI that answer with a person's credential: models, requests, and the use of the plan. */
export function createOpenAi(dependencies: OpenAiDependencies): OpenAi {
  const { http, credentials, endpoints, endpoint, userAgent, clock, log } = dependencies;
  const ending = new AbortController();
  const json = { http, clock, credentials, signal: ending.signal };
  // At each use: a request that is sent again has waited.
  const assertAllowed = (credential: BearerCredential, baseUrl: string) => {
    credentials.assertUsable(credential);
    endpoints.assertAllowed(credential.binding, baseUrl);
  };
  const requests = remember(async (): Promise<ModelRequests> => {
    const [{ ModelCatalogue }, { sendRequest }] = await Promise.all([
      import("./modelCatalogue.ts"),
      import("./request.ts"),
    ]);
    const { fetch, random = Math.random } = dependencies;
    const sender = { fetch, credentials, clock, random, log: (line: string) => log.info(line) };
    return {
      catalogue: new ModelCatalogue({ ...json, log: (line) => log.info(line) }),
      send: (request) => {
        const signal = AbortSignal.any([request.signal, ending.signal]);
        return sendRequest(sender, { ...request, signal });
      },
    };
  });
  return {
    usage: new UsageMeter({ ...json, log: (line) => log.warn(line) }),
    backend: (kind) =>
      kind === "chatgpt"
        ? chatgptBackend(endpoint("chatgptBaseUrl"), userAgent, assertAllowed)
        : platformBackend(endpoint("apiBaseUrl"), userAgent, assertAllowed),
    requests: () => requests.get(),
    keepOnly: (ids) => void requests.current?.then(({ catalogue }) => catalogue.keepOnly(ids)).catch(() => {}),
    dispose: () => ending.abort(),
  };
}
