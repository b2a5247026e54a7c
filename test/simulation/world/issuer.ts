import type { HttpClient, HttpRequest, HttpResponse } from "../../../src/platform/httpClient.ts";
import { Problem } from "../../../src/shared/problem.ts";
import { foreignAnswers, refusal, spoiledAnswers, success } from "./answers.ts";
import { DeviceCodes } from "./deviceCodes.ts";
import type { FaultKind, Faults } from "./faults.ts";
import { Grants, type RefreshToken } from "./grants.ts";
import { World } from "./world.ts";

export const issuerUrl = "https://auth.openai.com";
const defaultTimeoutMs = 30_000;

const networkFaults: readonly FaultKind[] = [
  ...(["unreachable", "requestLost", "answerLost", "answerLostLate", "failed", "failedDone", "busy"] as const),
  ...(["region", "foreign401", "portalJson", "portalPage", "edgePage", "truncated", "errorUnder200"] as const),
  "noAccessToken",
];

/** What the issuer answers, and the refresh token in it. */
interface Answer {
  readonly response: HttpResponse;
  readonly token?: RefreshToken;
}

/** The issuer: codes, tokens, revocation; and the network between it and the windows. */
export class Issuer {
  readonly grants: Grants;
  readonly #world: World;
  readonly #faults: Faults;
  readonly #codes = new Map<string, { person: string; signIn: number }>();
  /** How many codes there were: each is another one. */
  #authorized = 0;
  readonly devices: DeviceCodes;

  constructor(world: World, faults: Faults) {
    this.#world = world;
    this.#faults = faults;
    this.grants = new Grants(world);
    this.devices = new DeviceCodes((person, signIn) => this.authorize(person, signIn));
  }

  /** A person signs in at the page of one of their sign-ins; what the redirect brings. */
  authorize(person: string, signIn: number): string {
    this.#authorized += 1;
    const code = `ac_${person}_${this.#authorized}`;
    this.#codes.set(code, { person, signIn });
    return code;
  }

  /** The issuer ends all that a person has. */
  endAll(person: string): void {
    for (const grant of this.grants.all) if (grant.person === person) this.grants.end(grant, "issuer");
  }

  /** The HTTP client of a window. */
  readonly http: HttpClient = {
    prepare: async () => {},
    send: (request) => this.#send(request),
  };

  #send(request: HttpRequest): Promise<HttpResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    const { signal } = request;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const limit = setTimeout(() => reject(new Problem("answerLost", "timeout")), request.timeoutMs ?? defaultTimeoutMs);
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    this.#exchange(request).then(resolve, reject);
    return promise.finally(() => {
      clearTimeout(limit);
      signal?.removeEventListener("abort", onAbort);
    });
  }

  async #exchange(request: HttpRequest): Promise<HttpResponse> {
    const name = World.process?.name ?? "?";
    const fault = this.#faults.draw(`${name} ${nameOf(request)}`, networkFaults);
    const process = World.process;
    const ms = 40 + 400 * this.#world.random.next();
    if (fault === "unreachable") throw await this.#world.call(ms, () => new Problem("unreachable", "ENETUNREACH"));
    if (fault === "requestLost") return new Promise(() => {});
    const foreign = fault && foreignAnswers[fault];
    if (foreign) return this.#world.call(ms, () => foreign);
    const answer = await this.#world.call(ms, () => {
      const given = process ? this.#world.in(process, () => this.#answer(request)) : this.#answer(request);
      this.#world.log(`${name} ${nameOf(request)}: the issuer answers ${given.response.status}`);
      return given;
    });
    return this.#deliver(answer, fault, name);
  }

  /** @returns what arrives of the issuer's answer */
  async #deliver({ response, token }: Answer, fault: FaultKind | undefined, name: string): Promise<HttpResponse> {
    if (fault === "answerLost") throw new Problem("answerLost", "ECONNRESET");
    if (fault === "answerLostLate") return new Promise(() => {});
    const spoiled = fault && spoiledAnswers[fault];
    if (spoiled) return spoiled;
    if (fault === "noAccessToken" && token && token.grant.tokens.length > 1) {
      const { access_token: _left, ...rest } = response.json as Record<string, unknown>;
      token.receivedBy = name;
      return { ...response, json: rest };
    }
    if (token) token.receivedBy = name;
    return response;
  }

  #answer({ url, form, json }: HttpRequest): Answer {
    const body = { ...form, ...(json as Record<string, string> | undefined) };
    const path = url.slice(issuerUrl.length);
    if (path === "/oauth/revoke") return { response: this.#revoke(body.token ?? "") };
    if (path !== "/oauth/token") return { response: this.devices.answer(path, body, this.#date) };
    if (body.grant_type === "authorization_code") return this.#redeem(body.code ?? "");
    if (body.grant_type === "refresh_token") return this.#refresh(body.refresh_token ?? "");
    return { response: refusal(401, "invalid_subject_token") };
  }

  #redeem(code: string): Answer {
    const owner = this.#codes.get(code);
    if (!owner) return { response: refusal(400, "invalid_grant") };
    this.#codes.delete(code);
    return this.#give(this.grants.create(owner.person, owner.signIn));
  }

  #refresh(value: string): Answer {
    const next = this.grants.spend(value);
    return typeof next === "string" ? { response: refusal(401, next) } : this.#give(next);
  }

  #give(token: RefreshToken): Answer {
    const json = { ...this.grants.tokensOf(token.grant), refresh_token: token.value };
    return { response: success(json, this.#date), token };
  }

  /** A token that is used up ends nothing: of a grant that nobody has the newest token of, nobody can end anything. */
  #revoke(value: string): HttpResponse {
    const token = this.grants.refreshTokens.get(value);
    if (token && !token.spent) this.grants.end(token.grant, "revoked");
    return success({}, this.#date);
  }

  get #date(): string {
    return new Date(this.#world.trueTime).toUTCString();
  }
}

function nameOf({ url, form, json }: HttpRequest): string {
  const grant = form?.grant_type ?? (json as { grant_type?: string } | undefined)?.grant_type ?? "";
  return `asks ${url.slice(url.lastIndexOf("/") + 1)} ${grant.slice(grant.lastIndexOf(":") + 1)}`.trim();
}
