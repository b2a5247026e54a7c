import { parseArgs } from "node:util";
import { startIssuer } from "./issuer.ts";

const { values } = parseArgs({ options: { port: { type: "string" }, host: { type: "string" } } });
const issuer = await startIssuer({
  port: Number(values.port ?? 0),
  ...(values.host === undefined ? {} : { host: values.host }),
});
process.stdout.write(`${issuer.origin}\n`);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void issuer.close());
