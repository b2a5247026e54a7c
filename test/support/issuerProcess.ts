import { fork } from "node:child_process";
import { once } from "node:events";
import { controlOf, type IssuerControl } from "../issuer/control.ts";
import { projectPath } from "./projectRoot.ts";

/** A test issuer in another process, whose work does not count as ours. */
export interface IssuerProcess {
  readonly origin: string;
  readonly control: IssuerControl;
  close(): Promise<void>;
}

export async function startIssuerProcess(): Promise<IssuerProcess> {
  const stdio = ["ignore", "pipe", "inherit", "ipc"] as const;
  const child = fork(projectPath("test", "issuer", "serve.ts"), { stdio: [...stdio], execArgv: [] });
  const [line] = await once(child.stdout ?? child, "data");
  const origin = String(line).trim();
  const ended = once(child, "exit");
  return {
    origin,
    control: controlOf(origin),
    async close(): Promise<void> {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
