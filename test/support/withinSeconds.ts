import { createContext, Script } from "node:vm";

const script = new Script("work()");

/**
 * Runs `work` and ends it when it takes longer, also in the middle of a regular expression. For telling what takes
 * milliseconds from what takes minutes: so no machine is too slow.
 * @throws Error with the code `ERR_SCRIPT_EXECUTION_TIMEOUT`
 */
export function withinSeconds<T>(seconds: number, work: () => T): T {
  return script.runInContext(createContext({ work }), { timeout: seconds * 1000 }) as T;
}
