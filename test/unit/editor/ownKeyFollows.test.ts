import assert from "node:assert/strict";
import { changeSetting, settingOf, state, theMessage, until } from "../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "./editorFixture.ts";

const own = "sk-ownKeyOfThePerson1234";

describe("That the own key pays after a sign-out", () => {
  let fixture: EditorFixture;
  useEditorFixture(
    (given) => {
      fixture = given;
    },
    { ownKeys: [own] },
  );
  const question = () => until(() => state.messages.find(({ modal }) => modal));

  describe("is said in the question", () => {
    const follows = /\n\nRequests will then use your OpenAI API key, and OpenAI bills you for them\.$/;
    for (const [what, mode, hasKey, isLast] of [
      ["the last account says that the own key pays from then on", "chatgpt", true, true],
      ["the last account says nothing of a key where there is none", "chatgpt", false, true],
      ["the last account says nothing of a key that pays already", "apiKey", true, true],
      ["one of two says nothing of the own key", "chatgpt", true, false],
    ] as const) {
      it(`of ${what}`, async () => {
        if (hasKey) await fixture.ownKey.set(own, true);
        if (!isLast) await fixture.signedIn("team@example.com", { origin: "linked" });
        await fixture.signedIn("plus@example.com", { origin: "linked" });
        changeSetting("chatgptSignIn.authMode", mode);
        const running = fixture.run("signOut");
        const { detail, choose } = await question();
        assert.equal(follows.test(detail), mode === "chatgpt" && hasKey && isLast, detail);
        choose(undefined);
        await running;
        assert.equal(settingOf("chatgptSignIn.authMode"), mode);
      });
    }

    const maybe = /\n\nIf no other account is signed in, requests will then use your OpenAI API key, and OpenAI bills/;
    for (const [what, others, detail] of [
      ["the only account says that the own key pays from then on", [], follows],
      ["one of two says nothing of the own key", ["0123456789abcdef"], /^(?!.*Requests).*$/s],
      ["one of nobody knows how many says that the own key may pay", "all", maybe],
    ] as const) {
      it(`of ${what}, where no record can be read`, async () => {
        await fixture.ownKey.set(own, true);
        const { id } = await fixture.signedIn();
        changeSetting("chatgptSignIn.authMode", "chatgpt");
        const unread = others === "all" ? others : [id, ...others];
        const nothing = { accounts: [], active: undefined, notice: undefined, unread };
        Object.defineProperty(fixture.accounts, "state", { value: nothing });
        Object.defineProperty(fixture.accounts, "entry", { value: () => undefined });
        const running = fixture.run({ type: "signOutAccount", id });
        const message = await question();
        assert.match(message.detail, detail);
        message.choose(undefined);
        await running;
      });
    }
  });

  describe("is said afterwards, when VS Code's Accounts menu has asked:", () => {
    const signOut = async (mode: string) => {
      changeSetting("chatgptSignIn.authMode", mode);
      const [session] = await fixture.sessions.get(undefined, fixture.accounts.state.active?.id);
      await fixture.sessions.remove(session?.id ?? assert.fail());
      return theMessage(/signed out/);
    };

    it("the last account's", async () => {
      await fixture.ownKey.set(own, true);
      await fixture.signedIn();
      const { text, choose } = await signOut("chatgpt");
      assert.match(text, /computer\. Requests now use your OpenAI API key, and OpenAI bills you for them\. /);
      choose("Open ChatGPT Settings");
      await until(() => state.commands.some(({ name }) => name === "chatgptSignIn.openSettings"));
    });

    for (const [what, mode, hasKey, hasOther] of [
      ["where there is no own key", "chatgpt", false, false],
      ["where the own key pays already", "apiKey", true, false],
      ["of one of two", "chatgpt", true, true],
    ] as const) {
      it(`not ${what}`, async () => {
        if (hasKey) await fixture.ownKey.set(own, true);
        if (hasOther) await fixture.signedIn("team@example.com");
        await fixture.signedIn();
        const { text, buttons } = await signOut(mode);
        assert.doesNotMatch(text, /Requests/);
        assert.deepEqual(buttons, []);
      });
    }
  });
});
