import assert from "node:assert/strict";
import { usePanel } from "./usePanel.ts";
import { extensions, signedInView, signedOutView, states } from "./views.ts";

describe("settings panel's extensions", function () {
  this.timeout(20_000);
  const panel = usePanel();
  const section = () => panel().page.getByRole("region", { name: "Extension access to models" });
  const rows = () => section().getByRole("listitem");

  it("are listed with id, answer and who pays, and not while there are none", async () => {
    await panel().send(states.extensions());
    const texts = (await rows().allInnerTexts()).map((text) => text.replace(/\s+/g, " "));
    assert.deepEqual(texts, [
      "Pair Programmer example.pair-programmer Allowed · ChatGPT plan of ada@example.com Remove",
      "Pair Programmer example.pair-programmer Not allowed · OpenAI API key sk-…9fX2 Remove",
      "Unknown extensions Not allowed · Account API key of ada@example.com Remove",
      "VS Code's own features, such as MCP sampling Allowed · ChatGPT plan of ada@example.com Remove",
      "Notes example.notes Allowed by the setting “chatgptSignIn.allowedExtensions” · ChatGPT plan of ada@example.com Don't allow",
      "Notes example.notes Was allowed by the setting “chatgptSignIn.allowedExtensions” · OpenAI API key sk-…9fX2 Remove",
      "Notes example.notes Not allowed: you refused this extension · Another OpenAI API key Remove",
      "example.todo Allowed by the setting “chatgptSignIn.allowedExtensions” Open settings",
    ]);
    await panel().send(signedInView({ extensions: [] }));
    assert.equal(await section().count(), 0);
    await panel().send(signedOutView({ extensions }));
    assert.equal(await rows().count(), 8, "an answer outlives a sign-out");
  });

  it("are told apart by what a screen reader says of their buttons, and answered by mouse, Enter and Space", async () => {
    await panel().send(states.extensions());
    await panel().intents();
    const bySetting = "llowed by the setting “chatgptSignIn.allowedExtensions” · ";
    for (const [index, [name, type]] of (
      [
        ["Remove: Pair Programmer, Allowed · ChatGPT plan of ada@example.com", "forgetExtension"],
        ["Remove: Pair Programmer, Not allowed · OpenAI API key sk-…9fX2", "forgetExtension"],
        ["Remove: Unknown extensions, Not allowed · Account API key of ada@example.com", "forgetExtension"],
        [
          "Remove: VS Code's own features, such as MCP sampling, Allowed · ChatGPT plan of ada@example.com",
          "forgetExtension",
        ],
        [`Don't allow: Notes, A${bySetting}ChatGPT plan of ada@example.com`, "blockExtension"],
        [`Remove: Notes, Was a${bySetting}OpenAI API key sk-…9fX2`, "forgetExtension"],
        ["Remove: Notes, Not allowed: you refused this extension · Another OpenAI API key", "forgetExtension"],
      ] as const
    ).entries()) {
      await panel().button(name).click();
      await panel().button(name).focus();
      await panel().press("Enter");
      await panel().press("Space");
      const intent = { type, row: `row-${index + 1}` };
      assert.deepEqual(await panel().intents(), [intent, intent, intent]);
    }
    await panel().button("Open settings: example.todo").click();
    assert.deepEqual(await panel().intents(), [{ type: "openEndpointSettings" }]);
  });

  it("keep the focus in the list when the row that had it goes", async () => {
    await panel().send(states.extensions());
    await panel().button("Remove: Unknown extensions, Not allowed · Account API key of ada@example.com").focus();
    await panel().send(signedInView({ extensions: extensions.slice(0, 2) }));
    assert.equal(await section().locator("vscode-button:focus").count(), 1);
  });

  it("show a name that is markup as it is, and a long one without a scroll bar", async () => {
    const name = `<img src=x onerror=alert(1)> ${"x".repeat(40)}`;
    const id = `a.${"b".repeat(198)}`;
    const [first] = extensions;
    assert.ok(first);
    await panel().send(signedInView({ extensions: [{ ...first, extension: id, name }] }));
    assert.ok((await rows().innerText()).includes(name));
    assert.equal(await section().locator("img").count(), 0);
    const overflow = await panel().page.evaluate<number>(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    assert.ok(overflow <= 0, `${overflow}px too wide`);
  });
});
