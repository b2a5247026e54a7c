import type { HttpClient, HttpRequest, HttpResponse } from "../../../src/platform/httpClient.ts";
import type { Problem } from "../../../src/shared/problem.ts";

export type Scripted = Partial<HttpResponse> | Problem | "hang";

/** An HttpClient that answers as a test wrote down; the last answer is given again and again. */
export class ScriptedHttp implements HttpClient {
  readonly requests: HttpRequest[] = [];
  readonly #script: Scripted[];
  readonly #onRequest: () => void;

  constructor(script: readonly Scripted[], onRequest: () => void = () => {}) {
    this.#script = [...script];
    this.#onRequest = onRequest;
  }

  async prepare(): Promise<void> {}

  async send(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    this.#onRequest();
    const answer = this.#script.length > 1 ? this.#script.shift() : this.#script[0];
    if (answer === "hang" || answer === undefined) {
      return new Promise((_, reject) => {
        request.signal?.addEventListener("abort", () => reject(request.signal?.reason));
      });
    }
    if (answer instanceof Error) throw answer;
    return { status: 200, headers: {}, json: undefined, ...answer };
  }
}
