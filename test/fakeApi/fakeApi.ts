import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { zstdDecompressSync } from "node:zlib";
import type { Answer, Refusal, Script } from "./answers.ts";
import { answers } from "./answers.ts";
import { EventWriter } from "./events.ts";
import { chatgptRejection, platformRejection } from "./rejections.ts";
import { impolite, type Manners, type Surface, Wire } from "./wire.ts";

/** One request as it came in. */
export interface RequestRecord {
  readonly surface: Surface;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
  readonly at: number;
  status: number | undefined;
  /** When the client closed the connection before the answer was complete; `performance.now()`. */
  abandonedAt: number | undefined;
  /** Resolves when the answer has ended, however. */
  readonly closed: Promise<void>;
}

export interface FakeApiOptions {
  /** Is this bearer alive? Every one is unless told. Plug an issuer's live tokens in here. */
  readonly accepts?: (bearer: string, surface: Surface, workspaceId: string | undefined) => boolean | Promise<boolean>;
  /** The entries of `codex/models`; see `catalogue.ts`. */
  readonly catalogue: readonly Readonly<Record<string, unknown>>[];
  /** The ids of `/v1/models`. */
  readonly platformModels: readonly string[];
}

const chatgptPrefix = "/backend-api";
const platformPrefix = "/v1";

/**
 * A fake of the HTTP API of the ChatGPT service (`/backend-api`) and the OpenAI Platform (`/v1`): models, streamed
 * responses, usage. It answers what it was told to, refuses what they refuse, and records what it saw.
 */
export class FakeApi {
  readonly records: RequestRecord[] = [];
  options: FakeApiOptions;
  /** Entries of `codex/models` carry this; changed with the list by `setCatalogue`. */
  etag = 'W/"1"';
  /** The answer of `wham/usage`. */
  usage: unknown = undefined;
  /** Answers every other path of ours while set, e.g. an outage. */
  outage: Script | undefined;
  /** How streams are written. */
  manners: Manners = impolite;
  readonly #queue: (Script | ((record: RequestRecord) => Script))[] = [];
  #otherwise: (record: RequestRecord) => Script = () => answers.text("Hello from the fake API.", 4);
  #count = 0;

  constructor(options: FakeApiOptions) {
    this.options = options;
  }

  /** Tells what the next requests for a response get, one each; those after them get the usual answer. */
  next(...scripts: (Script | ((record: RequestRecord) => Script))[]): void {
    this.#queue.push(...scripts);
  }

  /** Tells what a request gets for which nothing else was told. */
  usually(script: (record: RequestRecord) => Script): void {
    this.#otherwise = script;
  }

  setCatalogue(catalogue: FakeApiOptions["catalogue"]): void {
    this.options = { ...this.options, catalogue };
    this.etag = `W/"${Number(/\d+/.exec(this.etag)?.[0]) + 1}"`;
  }

  /** The requests for responses. */
  get responses(): readonly RequestRecord[] {
    return this.records.filter(({ path }) => path.endsWith("/responses"));
  }

  /** Answers if the path is one of ours; false leaves the request untouched, for another server on the same origin. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const route = `${request.method} ${path}`;
    const surface: Surface = path.startsWith(`${chatgptPrefix}/`) ? "chatgpt" : "platform";
    const routes: Readonly<Record<string, (record: RequestRecord, response: ServerResponse) => void | Promise<void>>> =
      {
        [`POST ${chatgptPrefix}/codex/responses`]: this.#respond,
        [`POST ${platformPrefix}/responses`]: this.#respond,
        [`GET ${chatgptPrefix}/codex/models`]: this.#catalogue,
        [`GET ${platformPrefix}/models`]: this.#platformModels,
        [`GET ${chatgptPrefix}/wham/usage`]: this.#usage,
      };
    const handler = routes[route];
    if (!handler) return false;
    const record = await this.#record(request, response, surface, path);
    if (this.outage) await this.#play(this.outage, record, response);
    else if (await this.#isAccepted(record)) await handler(record, response);
    else refuse(response, { status: 401, json: { error: { code: "token_expired", message: "Not accepted" } } });
    return true;
  }

  async #record(request: IncomingMessage, response: ServerResponse, surface: Surface, path: string) {
    const record: RequestRecord = {
      surface,
      method: request.method ?? "",
      path,
      headers: request.headers,
      body: await jsonBody(request),
      at: performance.now(),
      status: undefined,
      abandonedAt: undefined,
      closed: new Promise((resolve) =>
        response.once("close", () => {
          record.status = response.headersSent ? response.statusCode : undefined;
          if (!response.writableFinished) record.abandonedAt = performance.now();
          resolve();
        }),
      ),
    };
    this.records.push(record);
    return record;
  }

  async #isAccepted({ headers, surface }: RequestRecord): Promise<boolean> {
    const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
    const workspaceId = headers["chatgpt-account-id"];
    if (!bearer || (surface === "chatgpt" && typeof workspaceId !== "string")) return false;
    return (await this.options.accepts?.(bearer, surface, workspaceId as string | undefined)) ?? true;
  }

  readonly #respond = async (record: RequestRecord, response: ServerResponse): Promise<void> => {
    const rejection = this.#rejection(record);
    if (rejection) return refuse(response, rejection, this.manners.contentType !== undefined);
    const script = this.#queue.shift() ?? this.#otherwise;
    await this.#play(typeof script === "function" ? script(record) : script, record, response);
  };

  #rejection({ body, headers, surface }: RequestRecord): Refusal | undefined {
    const { catalogue, platformModels } = this.options;
    if (surface === "platform") {
      const id = String(body.model);
      return platformRejection(body, platformModels.includes(id), /^(gpt-5|o\d)(?!.*chat)/.test(id));
    }
    const entry = catalogue.find(({ slug }) => slug === body.model);
    const liteHeader = headers["x-openai-internal-codex-responses-lite"] === "true";
    return chatgptRejection(body, entry && { lite: entry.use_responses_lite === true }, liteHeader);
  }

  async #play(script: Script, record: RequestRecord, response: ServerResponse): Promise<void> {
    if ("broken" in script) response.destroy();
    // What comes instead of a stream has no declared type either.
    else if ("status" in script) refuse(response, script, this.manners.contentType !== undefined);
    else await this.#stream(script, record, response);
  }

  async #stream(answer: Answer, { body, surface }: RequestRecord, response: ServerResponse): Promise<void> {
    const writer = new EventWriter(++this.#count, body);
    const wire = new Wire(this.manners, surface);
    const { contentType } = this.manners;
    response.writeHead(200, {
      ...(contentType === undefined ? {} : { "Content-Type": contentType }),
      "x-request-id": `req_${this.#count}`,
      ...answer.headers,
    });
    const writeText = async (text: string) => {
      for (const piece of wire.cut(text)) {
        await new Promise<void>((resolve) => {
          // Called with an error, too, when the client is gone.
          if (response.destroyed) resolve();
          else response.write(piece, () => resolve());
        });
      }
    };
    const write = (events: string) => writeText(wire.events(events));
    await write(writer.start());
    if (!(await writeParts(answer, writer, write, response))) return;
    if (answer.end === "hang") return;
    if (answer.end === "lost") {
      // What was written must be on its way first, or nothing of it arrives.
      await new Promise((resolve) => response.write(":\n\n", resolve));
      response.destroy();
      return;
    }
    if (answer.end !== "ended") await write(writer.end(answer.end));
    await writeText(wire.end());
    response.end();
  }

  readonly #catalogue = ({ headers }: RequestRecord, response: ServerResponse): void => {
    if (headers["if-none-match"] === this.etag) {
      response.writeHead(304, { ETag: this.etag }).end();
      return;
    }
    refuse(response, { status: 200, json: { models: this.options.catalogue }, headers: { ETag: this.etag } });
  };

  readonly #platformModels = (_record: RequestRecord, response: ServerResponse): void => {
    const data = this.options.platformModels.map((id) => ({ id, object: "model", created: 1, owned_by: "openai" }));
    refuse(response, { status: 200, json: { object: "list", data } });
  };

  readonly #usage = (_record: RequestRecord, response: ServerResponse): void => {
    refuse(response, this.usage === undefined ? { status: 404, json: {} } : { status: 200, json: this.usage });
  };
}

/** The fake API on its own loopback origin. */
export interface RunningFakeApi {
  readonly fakeApi: FakeApi;
  readonly origin: string;
  /** What the settings `chatgptBaseUrl` and `apiBaseUrl` are set to. */
  readonly chatgptBaseUrl: string;
  readonly apiBaseUrl: string;
  /** Connections that are open now. */
  connections(): Promise<number>;
  stop(): Promise<void>;
}

export async function startFakeApi(options: FakeApiOptions): Promise<RunningFakeApi> {
  const fakeApi = new FakeApi(options);
  const server = createServer((request, response) => {
    fakeApi.handle(request, response).then(
      (ours) => ours || response.writeHead(404).end(),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    fakeApi,
    origin,
    chatgptBaseUrl: origin + chatgptPrefix,
    apiBaseUrl: origin + platformPrefix,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function* textsOf(answer: Answer, writer: EventWriter): Generator<string> {
  for (const part of answer.parts) yield* writer.part(part);
}

/** Writes an answer's parts, several at once unless it pauses between them. @returns false when the client has gone */
async function writeParts(
  answer: Answer,
  writer: EventWriter,
  write: (events: string) => Promise<void>,
  response: ServerResponse,
): Promise<boolean> {
  let batch = "";
  for (const text of textsOf(answer, writer)) {
    if (response.destroyed) return false;
    batch += text;
    if (answer.pauseMs === undefined && batch.length < 16_384) continue;
    await write(batch);
    batch = "";
    if (answer.pauseMs !== undefined) await pause(answer.pauseMs);
  }
  if (batch) await write(batch);
  return true;
}

function refuse(response: ServerResponse, { status, json, html, packed, headers }: Refusal, isDeclared = true): void {
  const contentType = html === undefined ? "application/json" : "text/html; charset=utf-8";
  response
    .writeHead(status, { ...(isDeclared ? { "Content-Type": contentType } : {}), ...headers })
    .end(html ?? packed ?? JSON.stringify(json));
}

async function jsonBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  // The Codex CLI compresses what it sends.
  const text = (request.headers["content-encoding"] === "zstd" ? zstdDecompressSync(body) : body).toString("utf8");
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}
