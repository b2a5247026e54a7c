import assert from "node:assert/strict";
import { type RunningFakeApi, startFakeApi } from "../fakeApi/fakeApi.ts";
import type { TestIssuer } from "../issuer/types.ts";
import { type BuiltExtension, buildConsumer } from "./consumerExtension.ts";
import { demoAccount, signedInAs, signInOnLoginPage } from "./loginPage.ts";
import { useVscodeWithIssuer } from "./signInJourney.ts";
import { eventually, patience } from "./timing.ts";
import type { Vscode } from "./useVscode.ts";
import type { Workbench } from "./workbench.ts";

export const teamAccount = { email: "team@example.com", password: "password" } as const;

export interface Consumers {
  readonly vscode: Vscode;
  issuer(): TestIssuer;
  /** Two extensions that use ours, installed beside it. */
  consumers(): readonly [BuiltExtension, BuiltExtension];
  /** The bearers of all requests to the API so far. */
  bearers(): string[];
}

/** A VS Code with an issuer, an API and two other extensions, for the tests of the surrounding `describe`. */
export function useConsumers(): Consumers {
  let api: RunningFakeApi | undefined;
  let built: [BuiltExtension, BuiltExtension] | undefined;
  const { vscode, issuer } = useVscodeWithIssuer(async (running) => {
    api = await startFakeApi({
      catalogue: [],
      platformModels: ["gpt-5.2"],
      accepts: (bearer) => running.bearer(bearer)?.kind === "API key",
    });
    built = [await buildConsumer(), await buildConsumer("Another")];
    return {
      ownServer: { vsix: built.map(({ vsix }) => vsix) },
      settings: { "chatgptConsumer.baseUrl": api.apiBaseUrl },
    };
  });
  after(async () => {
    await api?.stop();
    for (const consumer of built ?? []) await consumer.remove();
  });

  return {
    vscode,
    issuer,
    consumers: () => built ?? assert.fail("The extensions have not been built yet"),
    bearers: () =>
      (api?.fakeApi.responses ?? []).map(({ headers }) => headers.authorization?.replace(/^Bearer /, "") ?? ""),
  };
}

/** Signs in from the palette and waits until the account has its API key; resolves with that key. */
export async function signInWithKey(
  workbench: Workbench,
  issuer: TestIssuer,
  command: "Sign in with ChatGPT" | "Add ChatGPT Account" = "Sign in with ChatGPT",
  account: { email: string; password: string } = demoAccount,
): Promise<string> {
  const before = derivedKeys(issuer).length;
  const page = await workbench.opening(() => workbench.runCommand(`ChatGPT: ${command}`));
  await signInOnLoginPage(page, account);
  await page.waitForURL("**/success");
  await page.close();
  await workbench.awaitNotification(signedInAs(account));
  return eventually(
    () => derivedKeys(issuer)[before] ?? assert.fail(`No API key was made for ${account.email}`),
    patience,
  );
}

/** The API keys that the issuer has created, oldest first. */
export function derivedKeys(issuer: TestIssuer): string[] {
  return issuer
    .secrets()
    .filter(({ kind }) => kind === "derived_key")
    .map(({ value }) => value);
}
