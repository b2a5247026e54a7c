import * as vscode from "vscode";
import { loginByHttp } from "../issuer/login.ts";
import { demoAccount } from "../support/loginPage.ts";
import { type Service, startService } from "../support/service.ts";

const section = "chatgptSignIn";

/** Starts a service and points the extension's settings to it, for the tests of the `describe` it is called in. */
export function useService(): () => Service {
  let service: Service | undefined;
  before(async () => {
    service = await startService();
    await applySettings(service.settings);
  });
  after(async () => {
    await applySettings(Object.fromEntries(Object.keys(service?.settings ?? {}).map((name) => [name, undefined])));
    await service?.close();
  });
  return () => {
    if (!service) throw new Error("The service has not been started yet");
    return service;
  };
}

/**
 * Signs in with the command, the browser being played over HTTP: the host's own would show a dialog. So does the question
 * whether the service may have the credential; this person has put it into the settings and allows it.
 */
export async function signIn(account: { email: string; password: string } = demoAccount): Promise<void> {
  const { openExternal } = vscode.env;
  const { showWarningMessage } = vscode.window;
  const opened = Promise.withResolvers<void>();
  // VS Code leaves `env` open to tests.
  vscode.env.openExternal = async (target) => {
    const browse = async () => {
      const redirect = await loginByHttp(target.toString(true), account.email, account.password);
      await fetch(redirect);
    };
    browse().then(opened.resolve, opened.reject);
    return true;
  };
  vscode.window.showWarningMessage = async (message: string, ...rest: unknown[]) => {
    const answer = message.startsWith("Send your ChatGPT credential to 127.0.0.1:") ? "Allow" : undefined;
    return answer !== undefined && rest.includes(answer) ? (answer as never) : undefined;
  };
  try {
    await Promise.all([vscode.commands.executeCommand(`${section}.signIn`), opened.promise]);
  } finally {
    vscode.env.openExternal = openExternal;
    vscode.window.showWarningMessage = showWarningMessage;
  }
}

/** Signs out with the command, and agrees to it: the host's own dialogs are all refused. */
export async function signOut(): Promise<void> {
  const { showWarningMessage } = vscode.window;
  vscode.window.showWarningMessage = async (message: string, ...rest: unknown[]) => {
    const agreed = message.startsWith("Sign out of ") && rest.includes("Sign Out");
    return agreed ? ("Sign Out" as never) : undefined;
  };
  try {
    await vscode.commands.executeCommand(`${section}.signOut`);
  } finally {
    vscode.window.showWarningMessage = showWarningMessage;
  }
}

async function applySettings(settings: Readonly<Record<string, string | undefined>>): Promise<void> {
  const configuration = vscode.workspace.getConfiguration();
  for (const [name, value] of Object.entries(settings)) {
    await configuration.update(name, value, vscode.ConfigurationTarget.Global);
  }
}
