import { spawnSync } from "node:child_process";

const enter = 'ip link set lo up && exec "$@"';

/**
 * The words to put before a command so that it gets its own loopback network, where the registered callback ports are
 * always free. Undefined on a computer that does not allow it: it takes Linux, root and iproute2.
 */
export function ownNetwork(): readonly string[] | undefined {
  if (process.platform !== "linux") return undefined;
  const prefix = ["unshare", "--net", "--", "sh", "-c", enter, "sh"];
  const [command = "", ...args] = [...prefix, "true"];
  return spawnSync(command, args, { stdio: "ignore" }).status === 0 ? prefix : undefined;
}
