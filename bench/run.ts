// npm run bench: what is fast by design, shown as ratios that are measured in the same run. -- PART… runs some of it.
import { packageExtension } from "../scripts/package.ts";
import { benchAccount } from "./account.ts";
import { benchActivation } from "./activation.ts";
import { benchChat, deltas, limits } from "./chat.ts";
import { benchSignIn } from "./signIn.ts";
import { benchSizes } from "./sizes.ts";
import { ms, printRows, type Row } from "./table.ts";

const parts: Record<string, { title: string; run: () => Row[] | Promise<Row[]> }> = {
  sizes: { title: "Sizes (KB)", run: benchSizes },
  signIn: { title: "Signing in", run: benchSignIn },
  account: { title: "A credential, warm and at its expiry", run: benchAccount },
  chat: { title: `A streamed answer of ${deltas} deltas`, run: chatRows },
  activation: { title: "Activation in the extension host", run: benchActivation },
};
async function chatRows(): Promise<Row[]> {
  const { floor, ours, growthMB } = await benchChat();
  const row = (what: string, key: "firstMs" | "cpuMs", limit: number): Row => ({
    what,
    ours: ms(ours[key]),
    floor: `reader ${ms(floor[key])}`,
    value: ours[key] / floor[key],
    limit,
  });
  return [
    row("first text, of a bare reader's", "firstMs", limits.first),
    row("CPU, of a bare reader's", "cpuMs", limits.cpu),
    { what: "reports, of the deltas", ours: `${ours.reports}`, floor: "", value: ours.reports / deltas, limit: 0.1 },
    { what: "heap growth over 200 requests, MB", ours: "", floor: "", value: growthMB, limit: limits.growthMB },
  ];
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in parts));
if (unknown.length > 0)
  throw new Error(`There is no part ${unknown.join(", ")}, only ${Object.keys(parts).join(", ")}`);

await packageExtension();
let kept = true;
for (const [name, { title, run }] of Object.entries(parts)) {
  if (chosen.length === 0 || chosen.includes(name)) kept = printRows(title, await run()) && kept;
}
process.exit(kept ? 0 : 1);
