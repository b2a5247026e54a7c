import { type Intent, intentSchema } from "../../src/shared/panelProtocol.ts";

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

const api = acquireVsCodeApi();

/** Asks the extension for something. Takes an intent only, so that nothing else can leave the panel. */
export function post(intent: Intent): void {
  api.postMessage(intentSchema.parse(intent));
}
