/** What the fake API can be told to answer. */

export interface TextPart {
  readonly text: string;
  /** In how many deltas it is sent; 1 unless told. */
  readonly deltas?: number;
}

export interface ToolCallPart {
  readonly toolCall: { readonly name: string; readonly arguments: object | string; readonly callId?: string };
}

export interface ReasoningPart {
  readonly reasoning: { readonly encrypted: string; readonly summary?: string };
}

/** An event that the protocol has not, or that only the ChatGPT service sends. */
export interface EventPart {
  readonly event: { readonly type: string; readonly [field: string]: unknown };
}

export type AnswerPart = TextPart | ToolCallPart | ReasoningPart | EventPart;

export interface Answer {
  readonly parts: readonly AnswerPart[];
  /** Headers beside the usual ones, e.g. rate limits. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds between the deltas of a text; all at once unless told. */
  readonly pauseMs?: number;
  /**
   * How it ends: `completed`; `lost` (the connection breaks after the parts); `ended` (it closes in order, without
   * response.completed); `hang` (nothing more until the client closes); `failed` or `incomplete` with a reason.
   */
  readonly end?:
    | "completed"
    | "lost"
    | "ended"
    | "hang"
    | { readonly failed: { readonly code: string; readonly message?: string; readonly [field: string]: unknown } }
    | { readonly incomplete: string };
}

/** An answer that is no stream: a status with a body, JSON or HTML. */
export interface Refusal {
  readonly status: number;
  readonly json?: unknown;
  readonly html?: string;
  /** JSON that is compressed already; goes with a header Content-Encoding. */
  readonly packed?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The connection breaks before anything is answered. */
export interface BrokenConnection {
  readonly broken: true;
}

export type Script = Answer | Refusal | BrokenConnection;

export const answers = {
  text: (text: string, deltas = 1): Answer => ({ parts: [{ text, deltas }] }),
  calls: (...calls: ToolCallPart["toolCall"][]): Answer => ({ parts: calls.map((toolCall) => ({ toolCall })) }),
};

/** The faults seen of the services, as they come. */
export const faults = {
  broken: { broken: true } satisfies BrokenConnection,
  expired: {
    status: 401,
    json: { error: { message: "Provided authentication token is expired.", code: "token_expired" } },
  },
  usageLimit: (resetsAt: number): Refusal => ({
    status: 429,
    json: {
      error: {
        type: "usage_limit_reached",
        message: "The usage limit has been reached",
        plan_type: "plus",
        resets_at: resetsAt,
      },
    },
  }),
  usageNotIncluded: {
    status: 429,
    json: { error: { type: "usage_not_included", message: "Usage not included in plan" } },
  },
  quota: {
    status: 429,
    json: { error: { type: "insufficient_quota", code: "insufficient_quota", message: "You exceeded your quota" } },
  },
  rateLimit: {
    status: 429,
    json: { error: { type: "requests", code: "rate_limit_exceeded", message: "Rate limit reached" } },
  },
  overloaded: { status: 503, json: { error: { code: "server_is_overloaded", message: "Our servers are overloaded" } } },
  server: { status: 500, json: { error: { type: "server_error", message: "The server had an error" } } },
  region: {
    status: 403,
    json: {
      error: { code: "unsupported_country_region_territory", message: "Country, region, or territory not supported" },
    },
  },
  edge: {
    status: 403,
    html: "<!doctype html><title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1>",
  },
  scope: {
    status: 403,
    json: { error: { message: "You have insufficient permissions. Missing scopes: api.responses.write" } },
  },
  contextLength: {
    status: 400,
    json: {
      error: { code: "context_length_exceeded", message: "Your input exceeds the context window of this model." },
    },
  },
  portal: { status: 200, html: "<!doctype html><title>Welcome to the hotel network</title>" },
} as const satisfies Record<string, Script | ((...args: never[]) => Script)>;
