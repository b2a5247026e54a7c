import { type FlowName, flowSchema } from "../shared/panelProtocol.ts";
import { startBrowserFlow } from "./browser.ts";
import { startDeviceCodeFlow } from "./deviceCode.ts";
import type { Flow, FlowContext, RunningFlow } from "./flow.ts";
import { browserReachesUs, type HostEnvironment } from "./hostEnvironment.ts";
import { startPasteFlow } from "./paste.ts";

/** Every way to sign in. All of them can run for one attempt at the same time. */
const flows: { readonly [Name in FlowName]: Flow } = {
  browser: { suits: browserReachesUs, start: startBrowserFlow },
  deviceCode: { suits: () => true, start: startDeviceCodeFlow },
  paste: { suits: () => true, start: startPasteFlow },
};

/** The flow to begin with: the one the person prefers, or else the first that suits, in the order of the schema. */
export function firstFlow(environment: HostEnvironment, preferred: FlowName | "auto"): FlowName {
  if (preferred !== "auto") return preferred;
  return flowSchema.options.find((name) => flows[name].suits(environment)) ?? "deviceCode";
}

/** @throws Problem when the flow cannot be used here */
export function startFlow(name: FlowName, context: FlowContext): Promise<RunningFlow> {
  return flows[name].start(context);
}
