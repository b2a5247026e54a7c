import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { PortsRefused } from "../../oauth/callbackListener.ts";
import { systemClock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/logger.ts";
import type { FlowName } from "../../shared/panelProtocol.ts";
import type { Problem } from "../../shared/problem.ts";
import { cancelOtherLogin, findPortOwner, type PortOwner } from "../../signin/portOwner.ts";

interface RefusedPort {
  port: number;
  /** Who listens on it; nobody does on one that the system reserves. */
  owner: PortOwner | undefined;
}

/**
 * Shows why the first flow cannot be used here, and asks for another.
 * @param signal aborted when the answer is not needed any more
 * @returns the flow to go on with; undefined for none
 */
export async function chooseFlow(problem: Problem, signal: AbortSignal, log: Logger): Promise<FlowName | undefined> {
  const ports = problem instanceof PortsRefused ? await portsOf(problem) : [];
  if (signal.aborted) return undefined;
  const foreign = ports.find(({ owner }) => owner && !owner.ours);
  const flows = new Map<string, FlowName>([
    problem.code === "deviceCodeDisabled"
      ? [l10n.t("Use Browser"), "browser"]
      : [l10n.t("Use Device Code"), "deviceCode"],
    [l10n.t("Paste Address"), "paste"],
  ]);
  const stop = l10n.t("Stop Other Sign-in");
  const sentence = [problem.message, ...ports.map(describePort)].join(" ");
  const chosen = await vscode.window.showWarningMessage(sentence, ...flows.keys(), ...(foreign ? [stop] : []));
  if (signal.aborted || chosen === undefined) return undefined;
  if (chosen !== stop || !foreign) return flows.get(chosen);
  log.info(`Asking the program on port ${foreign.port} to end its sign-in, as the person chose`);
  await cancelOtherLogin(foreign.port, systemClock);
  return "browser";
}

async function portsOf({ code, refusals }: PortsRefused): Promise<RefusedPort[]> {
  // When the system reserves all of them, the problem's own sentence explains it.
  if (code === "portReserved") return [];
  return Promise.all(
    refusals.map(async ({ port, reason }) => ({
      port,
      owner: reason === "inUse" ? await findPortOwner(port) : undefined,
    })),
  );
}

function describePort({ port, owner }: RefusedPort): string {
  if (!owner) return l10n.t("Port {port}: reserved by the system.", { port });
  if (owner.ours) return l10n.t("Port {port}: another VS Code window is signing in.", { port });
  const { program, pid } = owner;
  return program === undefined || pid === undefined
    ? l10n.t("Port {port}: an unidentified program.", { port })
    : l10n.t("Port {port}: {program} (process {pid}).", { port, program, pid });
}
