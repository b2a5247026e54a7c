import { spawnSync } from "node:child_process";

const enter = 'ip link set lo up && exec "$@"';

/**
 * What to put before a command so that it gets a loopback network of its own, where the registered callback ports are
 * free whoever else uses them here; undefined where this computer does not let us (that takes Linux, root and iproute2).
 */
export function ownNetwork(): readonly string[] | undefined {
  if (process.platform !== "linux") return undefined;
  const prefix = ["unshare", "--net", "--", "sh", "-c", enter, "sh"];
  const [command = "", ...args] = [...prefix, "true"];
  return spawnSync(command, args, { stdio: "ignore" }).status === 0 ? prefix : undefined;
}
