import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answers, faults } from "../fakeApi/answers.ts";
import type { RequestRecord } from "../fakeApi/fakeApi.ts";
import { ChatView } from "../support/chatView.ts";
import { temporaryDirectory } from "../support/cleanUp.ts";
import { demoAccount, signedInAs, signInOnLoginPage } from "../support/loginPage.ts";
import { type Service, startService } from "../support/service.ts";
import { signInFromPalette } from "../support/signInJourney.ts";
import { eventually, patience } from "../support/timing.ts";
import { trustedHost, useVscode } from "../support/useVscode.ts";
import type { Workbench } from "../support/workbench.ts";

describe("a person without a GitHub account", () => {
  const folder = temporaryDirectory();
  const file = join(folder.path, "hello.txt");
  let service: Service;
  const vscode = useVscode(async () => {
    service = await startService({ host: trustedHost });
    writeFileSync(file, "Hello there\n");
    return {
      settings: { ...service.settings, "chat.allowAnonymousAccess": true },
      folder: folder.path,
      ownServer: { chat: true },
      sharedWindow: true,
      hunted: { secrets: () => service.issuer.secrets() },
    };
  });
  beforeEach(() => service.fakeApi.usually(() => answers.text("Fine.")));
  after(async () => {
    await service?.close();
    await folder.remove();
  });

  const last = (): RequestRecord => {
    const record = service.fakeApi.responses.at(-1);
    assert.ok(record);
    return record;
  };

  async function chatOf(workbench: Workbench): Promise<ChatView> {
    await (await signInFromPalette(workbench)).close();
    await ChatView.setUp(workbench);
    await workbench.clearNotifications();
    const chat = await ChatView.open(workbench);
    await chat.pickModel("GPT-5.5");
    return chat;
  }

  // The first, in a new window: VS Code remembers which steps have been taken.
  it("is led by the walkthrough: sign in, Chat without GitHub, a model", async () => {
    vscode.server.updateSettings({ "chat.allowAnonymousAccess": undefined });
    const workbench = await vscode.openWorkbench();
    await workbench.runCommand("Welcome: Open Walkthrough...");
    await workbench.fillQuickInput("Use Your ChatGPT Account", { accept: false });
    await workbench.pick("Use Your ChatGPT Account in VS Code");
    const steps = workbench.page.locator(".getting-started-step");
    await steps.first().waitFor();
    assert.equal(await steps.count(), 4);
    const page = await workbench.opening(() =>
      workbench.page.locator(".getting-started-step .monaco-button", { hasText: "Sign in with ChatGPT" }).click(),
    );
    await signInOnLoginPage(page, demoAccount);
    await page.waitForURL("**/success");
    await page.close();
    await workbench.toFront();
    await steps.nth(0).locator(".codicon-getting-started-step-checked.complete").waitFor();
    await steps.nth(1).click();
    await workbench.page
      .locator(".getting-started-step .monaco-button", { hasText: "Use Chat Without a GitHub Account" })
      .click();
    const said = await workbench.answerDialog("without a GitHub account?", "Change Setting");
    assert.match(said, /chat\.allowAnonymousAccess/);
    await workbench.awaitNotification("You can now use Chat without a GitHub account.");
    await eventually(() => assert.equal(vscode.server.readSettings()["chat.allowAnonymousAccess"], true), patience);
    // VS Code opens its settings over everything. In a new window it lists our models once something of ours has run.
    await workbench.reload();
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    await workbench.webview("text=plus@example.com");
    const chat = await ChatView.open(workbench);
    await chat.pickModel("GPT-5.5");
  });

  it("asks in Chat, reads the answer word by word, lets an agent edit a file, and stops one", async () => {
    const chat = await chatOf(await vscode.openWorkbench());

    const words = "One two three four five six seven eight.";
    service.fakeApi.usually(() => ({ ...answers.text(words, 8), pauseMs: 150 }));
    await chat.ask("Count to eight.");
    const seen = (await chat.awaitAnswer(words)).filter((text) => text.startsWith("One"));
    assert.ok(seen.length >= 3, `it came as ${JSON.stringify(seen)}`);
    const { surface, headers, body } = last();
    assert.deepEqual([surface, body.model, headers.originator], ["chatgpt", "gpt-5.5", "chatgpt_sign_in"]);
    assert.match(String(body.instructions), /programming assistant/);
    await chat.idle();

    const patch = `*** Begin Patch\n*** Update File: ${file}\n@@\n-Hello there\n+Hello from the agent\n*** End Patch`;
    service.fakeApi.usually(({ body: { input } }) =>
      JSON.stringify(input).includes("call_edit")
        ? answers.text("The greeting is changed.")
        : answers.calls({
            name: "apply_patch",
            arguments: { input: patch, explanation: "Changes the greeting." },
            callId: "call_edit",
          }),
    );
    await chat.ask("Change the greeting.");
    await chat.awaitAnswer("The greeting is changed.");
    await eventually(() => assert.equal(readFileSync(file, "utf8"), "Hello from the agent\n"), patience);
    const outputs = (last().body.input as { type: string; call_id?: string }[]).filter(
      ({ type }) => type === "function_call_output",
    );
    assert.deepEqual(
      outputs.map(({ call_id }) => call_id),
      ["call_edit"],
    );
    await chat.idle();

    service.fakeApi.usually(() => ({ parts: [{ text: "A long story begins" }], end: "hang" }));
    await chat.ask("Tell me a story.");
    await chat.awaitAnswer("A long story");
    await chat.stop();
    await last().closed;
    assert.ok(last().abandonedAt, "the request goes on after Stop");
  });

  it("is told in Chat that the limit is reached, and is offered a new sign-in where it has expired", async () => {
    const workbench = await vscode.openWorkbench();
    const chat = await chatOf(workbench);
    service.fakeApi.usually(() => faults.usageLimit(Math.floor(Date.now() / 1000) + 3600));
    await chat.ask("Hello?");
    await chat.awaitAnswer("You've reached the usage limit of your ChatGPT plan. It resets");
    assert.doesNotMatch(await chat.answer.innerText(), /Error: /);
    await chat.idle();
    // Its token is over a second from now, and then the issuer no longer refreshes it.
    service.issuer.setLifetimes({ accessToken: 1 });
    await workbench.runCommand("ChatGPT: Refresh ChatGPT Credentials");
    await workbench.awaitNotification("ChatGPT credentials refreshed.");
    service.issuer.setLifetimes({ accessToken: 864_000 });
    service.issuer.revokeAll("plus");
    const over = Date.now() + 3000;
    await eventually(() => assert.ok(Date.now() > over));
    await chat.ask("Hello again?");
    await chat.awaitAnswer("Your ChatGPT sign-in is no longer accepted.");
    assert.doesNotMatch(await chat.answer.innerText(), /Error: /);
    const page = await workbench.opening(() =>
      workbench.pressNotificationButton("Your ChatGPT sign-in is no longer accepted", "Sign in with ChatGPT"),
    );
    await page.getByRole("button", { name: "Continue" }).click();
    await page.waitForURL("**/success");
    await page.close();
    await workbench.awaitNotification(signedInAs(demoAccount));
    await workbench.clearNotifications();
    await chat.idle();
    service.fakeApi.usually(() => answers.text("Here again."));
    await chat.ask("And now?");
    await chat.awaitAnswer("Here again.");
  });

  it("sees in the panel how much of the plan is used, read on opening, and is told once when little is left", async () => {
    const workbench = await vscode.openWorkbench();
    const chat = await chatOf(workbench);
    const reads = () => service.fakeApi.records.filter(({ path }) => path.endsWith("/wham/usage")).length;
    const before = reads();
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const panel = await workbench.webview("text=Usage of your ChatGPT plan");
    await panel.getByText("37% used · 63% left").waitFor();
    await panel.getByText("64% used · 36% left").waitFor();
    assert.equal(reads(), before + 1);

    service.fakeApi.usually(() => ({
      ...answers.text("Told."),
      headers: {
        "x-codex-primary-used-percent": "94",
        "x-codex-primary-window-minutes": "300",
        "x-codex-primary-reset-at": String(Math.floor(Date.now() / 1000) + 3600),
      },
    }));
    await chat.ask("Hello?");
    await chat.awaitAnswer("Told.");
    const said = await workbench.awaitNotification("5-hour limit is left");
    assert.match(said, /^6% of your 5-hour limit is left\. It resets (?:at|on) /);
    await panel.getByText("94% used · 6% left").waitFor();
    await workbench.clearNotifications();
    await chat.idle();
    await chat.ask("Hello a third time?");
    await chat.awaitAnswer("Told.");
    assert.deepEqual(await workbench.notificationTexts(), []);
    assert.equal(reads(), before + 1);
  });
});
