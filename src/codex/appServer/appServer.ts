import * as z from "zod/mini";
import { type Clock, delay } from "../../platform/clock.ts";
import { isLoopback } from "../../platform/endpoint.ts";
import { isHeaderValue } from "../../platform/headerValue.ts";
import { AppServerError, type AppServerFailure, AppServerProcess } from "./appServerProcess.ts";
import type { CodexCommand } from "./findCodex.ts";

export interface CodexAppServerOptions {
  readonly codex: CodexCommand;
  /** Where it runs: the user's home, never a workspace folder, whose `.codex/config.toml` it would read. */
  readonly cwd: string;
  /** Passed on unchanged: proxy, certificates, `CODEX_HOME`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Our version, for the User-Agent of the Codex CLI. */
  readonly version: string;
  readonly clock: Clock;
  /** After this time, a question without an answer fails as `hung`; ms. */
  readonly timeoutMs?: number;
  /** How much longer a Codex CLI that was asked to refresh may run, so that it can still save new tokens; ms. */
  readonly lingerMs?: number;
}

export type AppServerResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: AppServerFailure };

/** The account that the Codex CLI is signed in with. Text from the Codex CLI, to be cleaned before it is shown. */
export interface CliAccount {
  readonly type: string;
  readonly email: string | undefined;
  readonly planType: string | undefined;
}

export interface CliRefresh {
  /** Undefined: not signed in, or (seen with 0.169) its refresh token is no longer accepted. */
  readonly account: CliAccount | undefined;
  /** The present one: the same as before where the refresh failed. Undefined: not signed in with ChatGPT. */
  readonly accessToken: string | undefined;
}

export interface CliLogin {
  /** To be opened in the browser. */
  readonly authUrl: string;
  /** Resolves when the sign-in is complete; `refused` when it failed. The Codex CLI ends then. */
  readonly completed: Promise<AppServerResult<undefined>>;
  cancel(): void;
}

const initializeSchema = z.object({ userAgent: z.string() });
const accountSchema = z.object({
  account: z.nullish(z.object({ type: z.string(), email: z.nullish(z.string()), planType: z.nullish(z.string()) })),
});
const authStatusSchema = z.object({ authMethod: z.nullish(z.string()), authToken: z.nullish(z.string()) });
const configSchema = z.object({ config: z.record(z.string(), z.unknown()) });
const loginSchema = z.object({ loginId: z.string(), authUrl: z.string() });
const completedSchema = z.object({ loginId: z.nullish(z.string()), success: z.boolean() });

const defaultTimeoutMs = 10_000;
const defaultLingerMs = 20_000;

/** Asks the installed Codex CLI, with one process for each question. */
export class CodexAppServer {
  readonly #options: CodexAppServerOptions;
  readonly #running = new Set<AppServerProcess>();
  #refreshing: Promise<AppServerResult<CliRefresh>> | undefined;
  #lingering: Promise<void> = Promise.resolve();

  constructor(options: CodexAppServerOptions) {
    this.#options = options;
  }

  /**
   * Lets the Codex CLI refresh its own login. After its answer, the new tokens are in auth.json or in the keyring.
   * Calls at the same time share one refresh, and a new one starts only when the last one is over, even if that one
   * `hung`.
   *
   * Seen with Codex CLI 0.169: its answer does not tell whether the refresh failed, so compare the access token.
   * Several processes that are asked at the same time use the same refresh token, which ends the login. So hold a lock
   * over all windows from before the call until `settled()`, and look first whether another window has just refreshed.
   */
  refreshThroughCli(): Promise<AppServerResult<CliRefresh>> {
    this.#refreshing ??= this.#lingering
      .then(() => this.#askPatiently(refresh))
      .finally(() => {
        this.#refreshing = undefined;
      });
    return this.#refreshing;
  }

  /** Resolves when no refresh is under way, not even one that has failed as `hung`. */
  async settled(): Promise<void> {
    await this.#refreshing;
    await this.#lingering;
  }

  /**
   * The Codex CLI's access token, from its file or the keyring. Undefined: not signed in with ChatGPT. The Codex CLI
   * may refresh a token that expires soon, so it is not killed meanwhile: read its store only after `settled()`.
   */
  accessTokenFromCli(): Promise<AppServerResult<string | undefined>> {
    return this.#lingering.then(() => this.#askPatiently(readAccessToken));
  }

  /**
   * The effective configuration of the Codex CLI, from all its files; undefined from an older one, which has no such
   * question.
   */
  async configuration(): Promise<AppServerResult<Readonly<Record<string, unknown>> | undefined>> {
    const server = this.#start();
    const result = await this.#withinTime(this.#converse(server, readConfiguration));
    if (result.ok) await server.close();
    else await this.#kill(server);
    return !result.ok && result.failure === "tooOld" ? { ok: true, value: undefined } : result;
  }

  /** Starts a sign-in by the Codex CLI itself: it listens for the callback and saves its login. */
  async startLogin(): Promise<AppServerResult<CliLogin>> {
    const server = this.#start();
    const outcome = Promise.withResolvers<AppServerResult<undefined>>();
    server.onNotification((method, params) => {
      const parsed = method === "account/login/completed" ? completedSchema.safeParse(params) : undefined;
      if (!parsed?.success) return;
      outcome.resolve(parsed.data.success ? { ok: true, value: undefined } : { ok: false, failure: "refused" });
    });
    const started = await this.#withinTime(this.#converse(server, startLogin));
    if (!started.ok) {
      await this.#kill(server);
      return started;
    }
    void server.ended.then(() => outcome.resolve({ ok: false, failure: server.failure ?? "died" }));
    const completed = outcome.promise.then(async (result) => {
      await server.close();
      return result;
    });
    return { ok: true, value: { authUrl: started.value.authUrl, completed, cancel: () => server.kill() } };
  }

  /** Ends whatever is still running, at once. */
  dispose(): void {
    for (const server of this.#running) server.kill();
  }

  /** Asks a question that may make the Codex CLI refresh. */
  async #askPatiently<T>(ask: (server: AppServerProcess) => Promise<T>): Promise<AppServerResult<T>> {
    const server = this.#start();
    const conversation = this.#converse(server, ask);
    const result = await this.#withinTime(conversation);
    if (result.ok) {
      await server.close();
    } else if (result.failure === "hung" && server.spoke) {
      // It may have used its refresh token and not yet saved the new one. Closing its input would end it.
      this.#lingering = this.#linger(server, conversation);
    } else {
      await this.#kill(server);
    }
    return result;
  }

  async #kill(server: AppServerProcess): Promise<void> {
    server.kill();
    await server.ended;
  }

  #start(): AppServerProcess {
    const { codex, cwd, environment, clock } = this.#options;
    const server = new AppServerProcess({ codex, cwd, env: environment, clock });
    this.#running.add(server);
    void server.ended.then(() => this.#running.delete(server));
    return server;
  }

  async #converse<T>(server: AppServerProcess, ask: (server: AppServerProcess) => Promise<T>): Promise<T> {
    const clientInfo = { name: "chatgpt-sign-in", title: "Sign in with ChatGPT", version: this.#options.version };
    parse(initializeSchema, await server.request("initialize", { clientInfo }));
    server.notify("initialized");
    return ask(server);
  }

  async #withinTime<T>(conversation: Promise<T>): Promise<AppServerResult<T>> {
    const settled = new AbortController();
    const limit = delay(this.#options.clock, this.#options.timeoutMs ?? defaultTimeoutMs, settled.signal);
    const late = limit.then(() => {
      throw new AppServerError("hung");
    });
    try {
      return { ok: true, value: await Promise.race([conversation, late]) };
    } catch (error) {
      return { ok: false, failure: error instanceof AppServerError ? error.failure : "died" };
    } finally {
      settled.abort();
    }
  }

  async #linger(server: AppServerProcess, conversation: Promise<unknown>): Promise<void> {
    const settled = new AbortController();
    const limit = delay(this.#options.clock, this.#options.lingerMs ?? defaultLingerMs, settled.signal);
    await Promise.race([conversation, limit]).catch(() => undefined);
    settled.abort();
    await server.close();
  }
}

async function refresh(server: AppServerProcess): Promise<CliRefresh> {
  const { account } = parse(accountSchema, await server.request("account/read", { refreshToken: true }));
  const accessToken = await readAccessToken(server);
  if (!account) return { account: undefined, accessToken };
  const { type, email, planType } = account;
  return { account: { type, email: email ?? undefined, planType: planType ?? undefined }, accessToken };
}

async function readAccessToken(server: AppServerProcess): Promise<string | undefined> {
  const answer = await server.request("getAuthStatus", { includeToken: true, refreshToken: false });
  const { authMethod, authToken } = parse(authStatusSchema, answer);
  if (authMethod !== "chatgpt" || !authToken) return undefined;
  // It is sent in a header.
  if (!isHeaderValue(authToken)) throw new AppServerError("rubbish");
  return authToken;
}

async function readConfiguration(server: AppServerProcess): Promise<Readonly<Record<string, unknown>>> {
  return parse(configSchema, await server.request("config/read", { includeLayers: false })).config;
}

async function startLogin(server: AppServerProcess): Promise<{ authUrl: string }> {
  const { authUrl } = parse(loginSchema, await server.request("account/login/start", { type: "chatgpt" }));
  const page = webPage(authUrl);
  if (page === undefined) throw new AppServerError("rubbish");
  return { authUrl: page };
}

function parse<T>(schema: z.ZodMiniType<T>, answer: unknown): T {
  const result = schema.safeParse(answer);
  if (!result.success) throw new AppServerError("rubbish");
  return result.data;
}

/** An address as a URL parser writes it, if it is https, or http on this computer: nothing else is opened in the browser. */
function webPage(text: string): string | undefined {
  const url = URL.parse(text);
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  return isSafe ? url.href : undefined;
}
