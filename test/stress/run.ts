// npm run stress: windows in processes of their own, at the expiry of the access token and killed at random moments.
// -- [--rounds N] [--kills N] [--delete-locks]; exits with 1 on the first violation of a kill, or any of a round.
import { parseArgs } from "node:util";
import { expireTokens } from "./expiry.ts";
import { describeKills, killWindows } from "./kills.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "1000" },
    kills: { type: "string", default: "1000" },
    "delete-locks": { type: "boolean", default: false },
  },
});
const [rounds, kills] = [countOf("rounds"), countOf("kills")];
const write = (text: string) => process.stdout.write(`${text}\n`);
const tell = (what: string) => (done: number) => {
  if (done % 100 === 0) write(`  ${done} ${what}`);
};

if (rounds > 0) {
  const deleteLocks = values["delete-locks"];
  write(`8 processes at the expiry of the access token${deleteLocks ? ", while the locks are deleted" : ""}`);
  const figures = await timed(() => expireTokens({ rounds, deleteLocks, onRound: tell("rounds") }));
  for (const violation of figures.violations) write(`  ✘ ${violation}`);
  write(`  ${figures.rounds} rounds: ${figures.refreshes} refreshes, ${figures.reused} refresh tokens sent again`);
  if (figures.violations.length > 0) process.exitCode = 1;
}
if (kills > 0) {
  write("Windows killed with SIGKILL while they refresh the access token");
  try {
    write(`  ${describeKills(await timed(() => killWindows(kills, tell("kills"))))}`);
  } catch (error) {
    write(`  ✘ ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

function countOf(name: "rounds" | "kills"): number {
  const count = Number(values[name]);
  if (!Number.isInteger(count) || count < 0) throw new Error(`--${name} needs a number`);
  return count;
}

async function timed<T>(work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  write(`  took ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return result;
}
