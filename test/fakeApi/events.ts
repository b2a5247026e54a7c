import type { Response, ResponseOutputItem, ResponseStreamEvent } from "openai/resources/responses/responses";
import type { Answer, AnswerPart } from "./answers.ts";

type Body = Readonly<Record<string, unknown>>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
type EventDraft = DistributiveOmit<ResponseStreamEvent, "sequence_number"> | { type: string; [field: string]: unknown };

/** The events of one answer, in the order and with the fields in which the Responses API sends them. */
export class EventWriter {
  readonly id: string;
  readonly #body: Body;
  readonly #createdAt = Math.floor(Date.now() / 1000);
  readonly #output: ResponseOutputItem[] = [];
  #sequence = 0;

  constructor(number: number, body: Body) {
    this.id = `resp_${number}`;
    this.#body = body;
  }

  start(): string {
    return (
      this.#event({ type: "response.created", response: this.#response("in_progress") }) +
      this.#event({ type: "response.in_progress", response: this.#response("in_progress") })
    );
  }

  /** Each element is written at once; between two lies the answer's pause. */
  *part(part: AnswerPart): Generator<string> {
    if ("text" in part) yield* this.#text(part.text, part.deltas ?? 1);
    else if ("toolCall" in part) yield this.#toolCall(part.toolCall);
    else if ("reasoning" in part) yield this.#reasoning(part.reasoning);
    else yield this.#event(part.event);
  }

  end(end: Answer["end"]): string {
    if (typeof end === "object" && "failed" in end) {
      const failed = { ...this.#response("failed"), error: { message: "", ...end.failed } } as unknown as Response;
      return this.#event({ type: "response.failed", response: failed });
    }
    if (typeof end === "object") {
      const incomplete = { ...this.#response("incomplete"), incomplete_details: { reason: end.incomplete } };
      return this.#event({ type: "response.incomplete", response: incomplete as Response });
    }
    return this.#event({ type: "response.completed", response: this.#response("completed") });
  }

  *#text(text: string, deltas: number): Generator<string> {
    const index = this.#output.length;
    const item_id = `msg_${this.id}_${index}`;
    const at = { item_id, output_index: index, content_index: 0 };
    const message = (status: "in_progress" | "completed", content: string | undefined) =>
      ({
        type: "message",
        id: item_id,
        role: "assistant",
        status,
        content: content === undefined ? [] : [{ type: "output_text", text: content, annotations: [], logprobs: [] }],
      }) satisfies ResponseOutputItem;
    yield this.#event({
      type: "response.output_item.added",
      output_index: index,
      item: message("in_progress", undefined),
    }) +
      this.#event({
        type: "response.content_part.added",
        ...at,
        part: { type: "output_text", text: "", annotations: [], logprobs: [] },
      });
    for (const delta of split(text, deltas)) {
      yield this.#event({ type: "response.output_text.delta", ...at, delta, logprobs: [] });
    }
    this.#output.push(message("completed", text));
    yield this.#event({ type: "response.output_text.done", ...at, text, logprobs: [] }) +
      this.#event({
        type: "response.content_part.done",
        ...at,
        part: { type: "output_text", text, annotations: [], logprobs: [] },
      }) +
      this.#event({ type: "response.output_item.done", output_index: index, item: message("completed", text) });
  }

  #toolCall(call: { name: string; arguments: object | string; callId?: string }): string {
    const output_index = this.#output.length;
    const item_id = `fc_${this.id}_${output_index}`;
    const json = typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments);
    const item = {
      type: "function_call" as const,
      id: item_id,
      call_id: call.callId ?? `call_${this.id}_${output_index}`,
      name: call.name,
    };
    const done = { ...item, arguments: json, status: "completed" as const };
    this.#output.push(done);
    return (
      this.#event({
        type: "response.output_item.added",
        output_index,
        item: { ...item, arguments: "", status: "in_progress" },
      }) +
      split(json, 3)
        .map((delta) => this.#event({ type: "response.function_call_arguments.delta", item_id, output_index, delta }))
        .join("") +
      this.#event({
        type: "response.function_call_arguments.done",
        item_id,
        output_index,
        arguments: json,
        name: call.name,
      }) +
      this.#event({ type: "response.output_item.done", output_index, item: done })
    );
  }

  #reasoning({ encrypted, summary }: { encrypted: string; summary?: string }): string {
    const output_index = this.#output.length;
    const id = `rs_${this.id}_${output_index}`;
    const texts = summary === undefined ? [] : [{ type: "summary_text" as const, text: summary }];
    const item = { type: "reasoning" as const, id, summary: texts, encrypted_content: encrypted };
    this.#output.push(item);
    const at = { item_id: id, output_index, summary_index: 0 };
    const summaryEvents =
      summary === undefined
        ? ""
        : this.#event({
            type: "response.reasoning_summary_part.added",
            ...at,
            part: { type: "summary_text", text: "" },
          }) +
          split(summary, 2)
            .map((delta) => this.#event({ type: "response.reasoning_summary_text.delta", ...at, delta }))
            .join("") +
          this.#event({ type: "response.reasoning_summary_text.done", ...at, text: summary }) +
          this.#event({
            type: "response.reasoning_summary_part.done",
            ...at,
            part: { type: "summary_text", text: summary },
          });
    return (
      this.#event({
        type: "response.output_item.added",
        output_index,
        item: { ...item, summary: [], encrypted_content: "" },
      }) +
      summaryEvents +
      this.#event({ type: "response.output_item.done", output_index, item })
    );
  }

  #response(status: "in_progress" | "completed" | "failed" | "incomplete"): Response {
    const done = status === "completed";
    return {
      id: this.id,
      object: "response",
      created_at: this.#createdAt,
      status,
      error: null,
      incomplete_details: null,
      instructions: this.#body.instructions ?? null,
      metadata: {},
      model: this.#body.model,
      output: status === "in_progress" ? [] : this.#output,
      parallel_tool_calls: this.#body.parallel_tool_calls ?? true,
      temperature: 1,
      tool_choice: this.#body.tool_choice ?? "auto",
      tools: this.#body.tools ?? [],
      top_p: 1,
      usage: done
        ? {
            input_tokens: 120,
            input_tokens_details: { cached_tokens: 64 },
            output_tokens: 30,
            output_tokens_details: { reasoning_tokens: 10 },
            total_tokens: 150,
          }
        : null,
    } as unknown as Response;
  }

  #event(draft: EventDraft): string {
    const event = { ...draft, sequence_number: this.#sequence++ };
    return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  }
}

/** In `count` pieces of about the same length, none empty unless the text is too short. */
function split(text: string, count: number): string[] {
  const pieces: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const piece = text.slice(
      Math.round((index * text.length) / count),
      Math.round(((index + 1) * text.length) / count),
    );
    if (piece !== "") pieces.push(piece);
  }
  return pieces;
}
