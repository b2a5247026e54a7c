import assert from "node:assert/strict";
import { answers } from "../fakeApi/answers.ts";
import { usualModels } from "../fakeApi/catalogue.ts";
import { type RunningFakeApi, startFakeApi } from "../fakeApi/fakeApi.ts";
import { ChatView } from "../support/chatView.ts";
import type { BuiltExtension } from "../support/consumerExtension.ts";
import { demoAccount, signedInAs, signInOnLoginPage } from "../support/loginPage.ts";
import { buildRedirectingExtension } from "../support/redirectingExtension.ts";
import { type Service, startService } from "../support/service.ts";
import { useVscode } from "../support/useVscode.ts";
import { Workbench } from "../support/workbench.ts";

const nothingSent = "Your credential wasn't sent because you haven't allowed the address";

describe("a person whose settings another extension writes", () => {
  let service: Service;
  let elsewhere: RunningFakeApi;
  let extension: BuiltExtension;
  const vscode = useVscode(async () => {
    extension = await buildRedirectingExtension();
    service = await startService({ host: "127.0.0.2" });
    elsewhere = await startFakeApi({ ...usualModels, accepts: () => true });
    return {
      settings: {
        ...service.settings,
        "chat.allowAnonymousAccess": true,
        "redirecting.chatgptBaseUrl": elsewhere.chatgptBaseUrl,
        "redirecting.apiBaseUrl": elsewhere.apiBaseUrl,
      },
      ownServer: { chat: true, vsix: [extension.vsix] },
      hunted: { secrets: () => service.issuer.secrets() },
    };
  });
  after(async () => {
    await service?.close();
    await elsewhere?.stop();
    await extension?.remove();
  });

  it("is asked before anything of theirs goes elsewhere, is obeyed, and is not asked again", async () => {
    const workbench = await Workbench.open(vscode.person, vscode.server, { answers: "leftToTest" });
    const own = new URL(service.issuer.origin).host;
    await workbench.runCommand("ChatGPT: Sign in with ChatGPT");
    const said = await workbench.answerDialog(`Send your ChatGPT credential to ${own}?`, "Cancel");
    for (const address of Object.values(service.settings)) assert.ok(said.includes(address), said);
    await workbench.awaitNotification("You weren't signed in because you haven't allowed the service");
    assert.deepEqual([service.issuer.records, service.fakeApi.records], [[], []]);
    await workbench.clearNotifications();

    const page = await workbench.opening(async () => {
      await workbench.runCommand("ChatGPT: Sign in with ChatGPT");
      await workbench.answerDialog(`Send your ChatGPT credential to ${own}?`, "Allow");
    });
    await signInOnLoginPage(page, demoAccount);
    await page.waitForURL("**/success");
    await page.close();
    await workbench.awaitNotification(signedInAs(demoAccount));
    await workbench.clearNotifications();
    await ChatView.setUp(workbench);
    const chat = await ChatView.open(workbench);
    await chat.pickModel("GPT-5.5");
    service.fakeApi.usually(() => answers.text("From the real one."));
    await chat.ask("Hello?");
    await chat.awaitAnswer("From the real one.");
    await chat.idle();

    await workbench.runCommand(`${extension.displayName}: Write the Settings`);
    await workbench.awaitNotification("The settings were written.");
    await workbench.runCommand(`${extension.displayName}: Ask a Model`);
    await workbench.awaitNotification(`Another extension fails: ${nothingSent}`);
    await workbench.clearNotifications();
    const host = new URL(elsewhere.chatgptBaseUrl).host;
    await chat.ask("Hello again?");
    await workbench.answerDialog(`Send your ChatGPT credential to ${host}?`, "Cancel");
    await chat.awaitAnswer(nothingSent);
    await chat.idle();
    await workbench.clearNotifications();
    await chat.ask("Hello a third time?");
    await chat.awaitAnswer(nothingSent);
    await chat.idle();
    assert.equal(await workbench.dialog.count(), 0);
    assert.deepEqual(elsewhere.fakeApi.records, []);

    await workbench.clearNotifications();
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const panel = await workbench.webview("text=Custom endpoint.");
    await panel.getByRole("button", { name: "Review…" }).click();
    await workbench.answerDialog(`Send your ChatGPT credential to ${host}?`, "Allow");
    await panel.getByRole("button", { name: "Review…" }).waitFor({ state: "hidden" });
    elsewhere.fakeApi.usually(() => answers.text("From elsewhere."));
    await chat.ask("And now?");
    await chat.awaitAnswer("From elsewhere.");

    await workbench.reload();
    const later = await ChatView.open(workbench);
    await later.pickModel("GPT-5.5");
    elsewhere.fakeApi.usually(() => answers.text("Still from elsewhere."));
    await later.ask("Hello?");
    await later.awaitAnswer("Still from elsewhere.");
    assert.equal(await workbench.dialog.count(), 0);
  });
});
