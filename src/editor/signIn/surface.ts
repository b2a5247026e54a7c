import * as vscode from "vscode";
import { PortsRefused } from "../../oauth/callbackServer.ts";
import { systemClock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/logger.ts";
import type { FlowName } from "../../shared/panelProtocol.ts";
import type { Problem } from "../../shared/problem.ts";
import type { Opened } from "../../signin/flows.ts";
import { cancelOtherLogin, findPortOwner, type PortOwner } from "../../signin/portOwner.ts";
import type { SignIn } from "../../signin/signIn.ts";

export interface SurfaceDependencies {
  signIn: SignIn;
  log: Logger;
}

/** What a running sign-in asks of the person, and what it does for them. */
export class SignInSurface {
  readonly #dependencies: SurfaceDependencies;
  #box: vscode.InputBox | undefined;

  constructor(parts: SurfaceDependencies) {
    this.#dependencies = parts;
    parts.signIn.onDidChange(() => {
      const stage = parts.signIn.running?.stage;
      if (stage === undefined || stage === "exchangingCode") this.#box?.hide();
    });
  }

  /** Opens the sign-in page. VS Code may ask first, and answers alike when it was told to copy and when it was told no. */
  async open(url: string): Promise<Opened> {
    if (await vscode.env.openExternal(vscode.Uri.parse(url))) return "opened";
    // In a browser, reading the clipboard asks for a permission: not worth it.
    if (vscode.env.uiKind === vscode.UIKind.Web) return "notOpened";
    return isSameLink(await vscode.env.clipboard.readText(), url) ? "copied" : "notOpened";
  }

  async copyLink(): Promise<void> {
    const { link } = this.#dependencies.signIn;
    if (link === undefined) return;
    await vscode.env.clipboard.writeText(link);
    this.#dependencies.signIn.linkCopied();
  }

  async copyDeviceCode(): Promise<void> {
    const device = this.#dependencies.signIn.running?.device;
    if (!device) return;
    await vscode.env.clipboard.writeText(device.userCode);
    vscode.window.setStatusBarMessage("The device code was copied.", 5_000);
  }

  async openDevicePage(): Promise<void> {
    const device = this.#dependencies.signIn.running?.device;
    if (device) await vscode.env.openExternal(vscode.Uri.parse(device.page));
  }

  /** Asks for the address that the browser ended on, in a box that stays until it fits or the sign-in is over. */
  askForLink(): void {
    if (this.#box) {
      this.#box.show();
      return;
    }
    const { signIn } = this.#dependencies;
    const box = vscode.window.createInputBox();
    this.#box = box;
    box.title = "Paste ChatGPT Sign-in Link";
    box.prompt = "Sign in in the browser. When it ends on a page that it cannot open, copy that page's address here.";
    box.placeholder = "http://localhost:1455/auth/callback?…";
    box.ignoreFocusOut = true;
    box.onDidChangeValue((value) => {
      box.validationMessage = value.trim() === "" ? undefined : signIn.checkPaste(value)?.message;
    });
    box.onDidAccept(() => {
      box.validationMessage = signIn.checkPaste(box.value)?.message;
      if (box.validationMessage !== undefined) return;
      signIn.paste(box.value);
      box.hide();
    });
    box.onDidHide(() => {
      this.#box = undefined;
      box.dispose();
    });
    box.show();
  }

  /** The first way cannot start here: says why, and asks for another. */
  async offerAnotherWay(problem: Problem, signal: AbortSignal): Promise<FlowName | undefined> {
    const ports = problem instanceof PortsRefused ? await portsOf(problem) : [];
    const foreign = ports.find(({ holder }) => holder && !holder.ours);
    const ways = new Map<string, FlowName>([
      problem.code === "deviceCodeDisabled" ? ["Use Browser", "browser"] : ["Use Device Code", "deviceCode"],
      ["Paste Link", "paste"],
    ]);
    const stop = "Stop the Other Sign-in";
    const sentence = [problem.message, ...ports.map(describePort)].join(" ");
    const buttons = [...ways.keys(), ...(foreign ? [stop] : [])];
    const chosen = await vscode.window.showWarningMessage(sentence, ...buttons);
    if (signal.aborted || chosen === undefined) return undefined;
    if (chosen !== stop || !foreign) return ways.get(chosen);
    this.#dependencies.log.info(`Asking the program on port ${foreign.port} to end its sign-in, as the person chose`);
    await cancelOtherLogin(foreign.port, systemClock);
    return "browser";
  }
}

interface RefusedPort {
  port: number;
  /** Who listens on it; nobody does on one that the system keeps for itself. */
  holder: PortOwner | undefined;
}

async function portsOf({ code, refusals }: PortsRefused): Promise<RefusedPort[]> {
  // When the system keeps all of them, the problem's own sentence says so.
  if (code === "portReserved") return [];
  return Promise.all(
    refusals.map(async ({ port, reason }) => ({
      port,
      holder: reason === "inUse" ? await findPortOwner(port) : undefined,
    })),
  );
}

function describePort({ port, holder }: RefusedPort): string {
  if (!holder) return `Port ${port}: reserved by the system.`;
  if (holder.ours) return `Port ${port}: another VS Code window that is signing in.`;
  return holder.program === undefined
    ? `Port ${port}: a program that the system does not name.`
    : `Port ${port}: ${holder.program} (process ${holder.pid}).`;
}

/** Whether the clipboard holds the link, however it was encoded on the way. */
function isSameLink(text: string, url: string): boolean {
  const copied = URL.parse(text.trim());
  const state = new URL(url).searchParams.get("state");
  return copied !== null && state !== null && copied.searchParams.get("state") === state;
}
