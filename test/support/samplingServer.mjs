// An MCP server that asks VS Code for a model (sampling) as soon as it runs, and adds what it gets to a file, one JSON a line.
// Usage: node samplingServer.mjs FILE
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [, , file] = process.argv;
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

const results = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: {},
    serverInfo: { name: "sampler", version: "1.0.0" },
  }),
  ping: () => ({}),
};

const question = {
  messages: [{ role: "user", content: { type: "text", text: "Say hello." } }],
  maxTokens: 100,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === "notifications/initialized") send({ id: 1, method: "sampling/createMessage", params: question });
  else if (method === undefined) appendFileSync(file, `${JSON.stringify(result?.content?.text ?? error?.message)}\n`);
  else if (id !== undefined && method in results) send({ id, result: results[method](params) });
  else if (id !== undefined) send({ id, error: { code: -32601, message: "Method not found" } });
}
