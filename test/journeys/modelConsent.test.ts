import assert from "node:assert/strict";
import { answers } from "../fakeApi/answers.ts";
import { type BuiltExtension, buildConsumer } from "../support/consumerExtension.ts";
import { type Service, startService } from "../support/service.ts";
import { signInFromPalette } from "../support/signInJourney.ts";
import { trustedHost, useVscode } from "../support/useVscode.ts";
import type { Workbench } from "../support/workbench.ts";

const refused = "Not allowed: You didn't allow this extension to use OpenAI models.";
const putOff = "Not allowed: This extension needs your permission to use OpenAI models.";
const hello = "GPT-5.5: Hello from the plan.";

describe("an extension that uses the person's models", () => {
  let service: Service;
  let consumer: BuiltExtension;
  let other: BuiltExtension;
  const vscode = useVscode(async () => {
    [consumer, other] = [await buildConsumer(), await buildConsumer("Another")];
    service = await startService({ host: trustedHost });
    return {
      settings: service.settings,
      ownServer: { vsix: [consumer.vsix, other.vsix] },
      hunted: { secrets: () => service.issuer.secrets() },
    };
  });
  beforeEach(() => service.fakeApi.usually(() => answers.text("Hello from the plan.")));
  after(async () => {
    await service?.close();
    for (const built of [consumer, other]) await built?.remove();
  });

  const question = ({ displayName }: BuiltExtension) => `Allow “${displayName}” to use your ChatGPT plan?`;
  const sent = () => service.fakeApi.responses.length;

  /** The extension asks a model, and says what it got; without a question if none is expected. */
  async function ask(
    workbench: Workbench,
    { displayName }: BuiltExtension,
    said: string,
    answer?: () => Promise<unknown>,
  ): Promise<void> {
    await workbench.clearNotifications();
    await workbench.runCommand(`${displayName}: Ask a Model`);
    await answer?.();
    await workbench.awaitNotification(said);
    assert.equal(await workbench.dialog.count(), 0);
  }

  async function openPanel(workbench: Workbench) {
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    return workbench.webview("text=Extension access to models");
  }

  it("is refused, asked for again, put off, and blocked though the settings allow it", async () => {
    const workbench = await vscode.openWorkbench();
    await (await signInFromPalette(workbench)).close();
    await ask(workbench, consumer, refused, async () => {
      await workbench.dialog.filter({ hasText: question(consumer) }).waitFor();
      const said = (await workbench.dialog.innerText()).replace(/\s+/g, " ");
      assert.match(said, /The extension example\.chatgpt-consumer-example wants to send requests/);
      assert.match(said, /usage limits of plus@example\.com/);
      // An Enter that was meant for something else.
      await workbench.page.keyboard.press("Enter");
    });
    await ask(workbench, consumer, refused);
    assert.equal(sent(), 0);

    const panel = await openPanel(workbench);
    const rows = panel.getByRole("region", { name: "Extension access to models" }).getByRole("listitem");
    assert.match(await rows.innerText(), /Not allowed · ChatGPT plan of plus@example\.com/);
    await panel.getByRole("button", { name: /^Remove: ChatGPT Consumer Example/ }).click();
    await rows.waitFor({ state: "detached" });

    await ask(workbench, consumer, putOff, async () => {
      await workbench.dialog.filter({ hasText: question(consumer) }).waitFor();
      await workbench.page.keyboard.press("Escape");
    });
    await ask(workbench, consumer, putOff);
    assert.equal(sent(), 0);

    await workbench.updateSettings({ "chatgptSignIn.allowedExtensions": ["Example.ChatGPT-consumer-example"] });
    await ask(workbench, consumer, hello, async () => {
      await workbench.awaitNotification(
        "“ChatGPT Consumer Example” (example.chatgpt-consumer-example) uses your ChatGPT plan: the setting",
      );
      assert.equal(await workbench.dialog.count(), 0);
    });
    assert.equal(sent(), 1);
    const bySetting = "Allowed by the setting “chatgptSignIn.allowedExtensions” · ChatGPT plan of plus@example.com";
    const again = await openPanel(workbench);
    await again.getByRole("listitem").filter({ hasText: bySetting }).waitFor();
    await again.getByRole("button", { name: `Don't allow: ChatGPT Consumer Example, ${bySetting}` }).click();
    await again.getByRole("listitem").filter({ hasText: "Not allowed · ChatGPT plan of plus@example.com" }).waitFor();
    await ask(workbench, consumer, refused);
    await workbench.reload();
    await ask(workbench, consumer, refused);
    assert.equal(sent(), 1);
  });

  it("is allowed, remembered, revoked in the panel and asked for again, each extension for itself", async () => {
    const workbench = await vscode.openWorkbench();
    await (await signInFromPalette(workbench)).close();
    const before = sent();
    const allow = (extension: BuiltExtension) => () => workbench.answerDialog(question(extension), "Allow");
    await ask(workbench, other, refused, () => workbench.answerDialog(question(other), "Don't Allow"));
    await ask(workbench, consumer, hello, allow(consumer));
    await ask(workbench, consumer, hello);
    await ask(workbench, other, refused);
    assert.equal(sent(), before + 2);

    await workbench.reload();
    await ask(workbench, consumer, hello);
    await ask(workbench, other, refused);
    assert.equal(sent(), before + 3);

    const panel = await openPanel(workbench);
    const rows = panel.getByRole("region", { name: "Extension access to models" }).getByRole("listitem");
    assert.equal(await rows.count(), 2);
    await panel.getByRole("button", { name: /^Remove: ChatGPT Consumer Example/ }).click();
    await rows.nth(1).waitFor({ state: "detached" });
    await ask(workbench, consumer, hello, allow(consumer));
    assert.equal(sent(), before + 4);
  });
});
