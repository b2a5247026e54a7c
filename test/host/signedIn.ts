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

/** Signs in with the command, the browser being played over HTTP: the host's own would show a dialog. */
export async function signIn(account: { email: string; password: string } = demoAccount): Promise<void> {
  const { openExternal } = vscode.env;
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
  try {
    await Promise.all([vscode.commands.executeCommand(`${section}.signIn`), opened.promise]);
  } finally {
    vscode.env.openExternal = openExternal;
  }
}

async function applySettings(settings: Readonly<Record<string, string | undefined>>): Promise<void> {
  const configuration = vscode.workspace.getConfiguration();
  for (const [name, value] of Object.entries(settings)) {
    await configuration.update(name, value, vscode.ConfigurationTarget.Global);
  }
}
