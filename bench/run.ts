// npm run bench: what is fast by design, shown as ratios measured side by side in one run. -- PART… runs some of it.
import { packageExtension } from "../scripts/package.ts";
import { benchActivation } from "./activation.ts";
import { benchSignIn } from "./signIn.ts";
import { benchSizes } from "./sizes.ts";
import { printRows, type Row } from "./table.ts";

const parts: Record<string, { title: string; run: () => Row[] | Promise<Row[]> }> = {
  sizes: { title: "Sizes (KB)", run: benchSizes },
  signIn: { title: "Signing in", run: benchSignIn },
  activation: { title: "Activation in the extension host", run: benchActivation },
};
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
