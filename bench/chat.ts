// What our provider adds to the least that reading a stream can cost, both from the same server in one run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type * as vscode from "vscode";
import { ChatModelProvider } from "../src/editor/chat/chatModelProvider.ts";
import { chatgptBackend } from "../src/openai/backend.ts";
import { createOpenAi } from "../src/openai/module.ts";
import { systemClock } from "../src/platform/clock.ts";
import { createHttpClient } from "../src/platform/httpClient.ts";
import { projectPath } from "../test/support/projectRoot.ts";
import { host, Text, Token, user } from "../test/unit/editor/chat/fakeChatHost.ts";

export const deltas = 20_000;
const rounds = 41;
const userAgent = "chatgpt_sign_in/bench";
const credential = { bearer: "bench", workspaceId: "bench" };

export interface Sample {
  /** ms from the request to the first text. */
  readonly firstMs: number;
  readonly cpuMs: number;
  /** How often text was handed on. */
  readonly reports: number;
}

export interface ChatBench {
  readonly floor: Sample;
  readonly ours: Sample;
  /** How many MB the heap grew over 200 requests. */
  readonly growthMB: number;
  /** Every person's activation loads this, and a signed-out person's nothing more. */
  readonly activation: { readonly files: readonly string[]; readonly bytes: number };
}

/** The limits of the project: first text and CPU against the floor's. */
export const limits = { first: 1.3, cpu: 1.5, growthMB: 5, activationBytes: 16_384 };

/** Measures medians of interleaved rounds; needs a built `dist`. */
export async function benchChat(): Promise<ChatBench> {
  const server = spawn(process.execPath, [join(import.meta.dirname, "chatServer.ts"), String(deltas)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(server.stdout, "data")) as [Buffer];
    const base = `${line.toString().trim()}/backend-api`;
    const ask = await ourProvider(base);
    const floors: Sample[] = [];
    const ours: Sample[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const readers = [async () => floors.push(await bareReader(base)), async () => ours.push(await ask())];
      // Each goes first in every other round.
      for (const read of round % 2 ? readers : readers.reverse()) {
        // The connection of the one before is closing still.
        await pause(20);
        await read();
      }
    }
    const before = heapMB();
    for (let count = 0; count < 200; count += 1) await ask();
    const growthMB = heapMB() - before;
    return { floor: median(floors), ours: median(ours), growthMB, activation: activationCode() };
  } finally {
    server.stdin.end();
    await once(server, "exit");
  }
}

/** The table of a run, and what in it is over its limit. */
export function chatTable({ floor, ours, growthMB, activation }: ChatBench): { lines: string[]; over: string[] } {
  const first = ours.firstMs / floor.firstMs;
  const cpu = ours.cpuMs / floor.cpuMs;
  const row = (name: string, a: string, b: string, c = "", d = "") =>
    `| ${name.padEnd(34)} | ${a.padStart(8)} | ${b.padStart(8)} | ${c.padStart(5)} | ${d.padStart(5)} |`;
  const lines = [
    row(`${deltas} deltas, medians of ${rounds}`, "reader", "ours", "ratio", "limit"),
    row("---", "---", "---", "---", "---"),
    row("first text, ms", floor.firstMs.toFixed(1), ours.firstMs.toFixed(1), first.toFixed(2), `${limits.first}`),
    row("CPU, ms", floor.cpuMs.toFixed(0), ours.cpuMs.toFixed(0), cpu.toFixed(2), `${limits.cpu}`),
    row("reports to VS Code", `${floor.reports}`, `${ours.reports}`),
    row("heap growth over 200 requests, MB", "", growthMB.toFixed(1), "", `${limits.growthMB}`),
    row("code loaded by activation, bytes", "", `${activation.bytes}`, "", `${limits.activationBytes}`),
  ];
  const over = [
    ...(first > limits.first ? [`first text ${first.toFixed(2)}`] : []),
    ...(cpu > limits.cpu ? [`CPU ${cpu.toFixed(2)}`] : []),
    ...(ours.reports > deltas / 10 ? [`${ours.reports} reports`] : []),
    ...(growthMB > limits.growthMB ? [`heap growth ${growthMB.toFixed(1)} MB`] : []),
    ...(activation.bytes > limits.activationBytes
      ? [`activation loads ${activation.files.join(", ")}, ${activation.bytes} bytes`]
      : []),
  ];
  return { lines, over };
}

/** The floor: fetch, split at the blank lines, parse. */
async function bareReader(base: string): Promise<Sample> {
  const backend = chatgptBackend(base, userAgent, () => {});
  const body = { model: "gpt-5.5", instructions: "x", input: [], store: false, stream: true };
  return measured(async (onText) => {
    const response = await fetch(backend.responsesUrl, {
      method: "POST",
      headers: { ...backend.headers(credential), "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of response.body) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = JSON.parse(block.slice(block.indexOf("data: ") + 6)) as { type: string; delta?: string };
        if (event.type === "response.output_text.delta") onText(event.delta ?? "");
      }
    }
  });
}

/** The same through the provider, as VS Code calls it. */
async function ourProvider(base: string): Promise<() => Promise<Sample>> {
  const write = () => {};
  const log = { debug: write, info: write, warn: write, error: write };
  const credentials = { get: async () => credential, rejected: async () => credential, assertUsable: write };
  const endpoints = { assertAllowed: write, request: async () => {} };
  const http = createHttpClient(() => userAgent, "chatgpt_sign_in");
  const openai = createOpenAi({
    ...{ http, fetch, credentials, endpoints, userAgent, log },
    endpoint: () => base,
    clock: systemClock,
  });
  const provider = new ChatModelProvider(
    {
      ...{ openai, credentials, endpoints, log },
      requests: await openai.requests(),
      consumers: { assertAllowed: () => {}, request: async () => false },
      settings: { authMode: "chatgpt", chatBackend: "chatgpt" },
      onFailure: write,
    },
    host,
  );
  const [model] = await provider.information();
  if (!model) throw new Error("The server lists no models");
  const messages = [user(new Text("Go."))] as vscode.LanguageModelChatRequestMessage[];
  return () =>
    measured((onText) =>
      provider.respond(
        model,
        messages,
        { toolMode: 1 },
        { report: (part) => onText((part as unknown as Text).value) },
        new Token(),
      ),
    );
}

async function measured(read: (onText: (text: string) => void) => Promise<void>): Promise<Sample> {
  let firstMs = 0;
  let reports = 0;
  let characters = 0;
  const started = performance.now();
  const cpu = process.cpuUsage();
  await read((text) => {
    if (reports === 0) firstMs = performance.now() - started;
    reports += 1;
    characters += text.length;
  });
  const { user: userUs, system } = process.cpuUsage(cpu);
  if (characters !== 5 * deltas) throw new Error(`${characters} characters came of ${5 * deltas}`);
  return { firstMs, cpuMs: (userUs + system) / 1000, reports };
}

function median(samples: readonly Sample[]): Sample {
  const of = (key: keyof Sample) => {
    const sorted = samples.map((sample) => sample[key]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  return { firstMs: of("firstMs"), cpuMs: of("cpuMs"), reports: of("reports") };
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heapMB(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}

/** The code of `dist` that activation loads: what the entry requires when it is evaluated, and what that requires. */
function activationCode(): ChatBench["activation"] {
  const files = new Set(["extension.cjs"]);
  let bytes = 0;
  for (const name of files) {
    const code = readFileSync(projectPath("dist", name), "utf8");
    bytes += code.length;
    // Pieces that are loaded when they are first needed are separate files, named after what is in them.
    for (const [, piece] of code.matchAll(/require\("\.\/(chunk-[\w-]+\.cjs)"\)/g)) if (piece) files.add(piece);
  }
  return { files: [...files], bytes };
}

if (import.meta.main) {
  const { lines, over } = chatTable(await benchChat());
  process.stdout.write(`${lines.join("\n")}\n`);
  if (over.length > 0) {
    process.stdout.write(`Over the limit: ${over.join("; ")}\n`);
    process.exitCode = 1;
  }
}
