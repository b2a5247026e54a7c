import assert from "node:assert/strict";
import { accountBinding, newKeyBinding, ownKeyBinding } from "../../../../src/account/endpoints.ts";
import type { credentialOf } from "../../../../src/codex/login.ts";
import { settings } from "../../../../src/editor/vscode/settings.ts";
import { isProblem, type ProblemCode } from "../../../../src/shared/problem.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import { changeSetting, sentences, settle, state, theMessage, willAnswer } from "../../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "../editorFixture.ts";

const is = (code: ProblemCode) => (error: unknown) => isProblem(error, code) || assert.fail(String(error));
const key = "sk-ownKeyOfThePerson1234";
const otherKey = "sk-anotherKeyOfThePerson1234";

describe("What a person does while the settings name another service", () => {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  let questions: number;
  let answer: boolean;
  let onQuestion: () => void;
  const askForEndpoints = async () => {
    questions += 1;
    onQuestion();
    return answer;
  };
  useEditorFixture(
    (given, from) => {
      fixture = given;
      issuer = from;
    },
    { ownKeys: [key, otherKey] },
    { account: { askForEndpoints } },
  );
  beforeEach(async () => {
    questions = 0;
    onQuestion = () => {};
    answer = false;
    changeSetting("chatgptSignIn.chatgptBaseUrl", issuer.chatgptBaseUrl);
    await fixture.endpoints.forget(accountBinding(issuer.issuer));
    await fixture.endpoints.forget(newKeyBinding);
  });
  const requests = () => issuer.records.length;

  it("sends no key, stores none and does not even ask for it before they allow it", async () => {
    const before = requests();
    await assert.rejects(fixture.ownKeyActions.set(), is("keyNotSent"));
    await assert.rejects(fixture.ownKeyActions.adopt(key), is("keyNotSent"));
    assert.deepEqual([requests(), questions, state.questions, fixture.ownKey.current], [before, 2, [], undefined]);
    answer = true;
    assert.equal(await fixture.ownKeyActions.adopt(key), true);
    assert.deepEqual([questions, fixture.ownKey.current?.apiBaseUrl], [3, issuer.apiBaseUrl]);
    fixture.mode.current = "apiKey";
    const { binding } = await fixture.source.get("apiKey");
    assert.equal(fixture.endpoints.isAllowed(binding, issuer.apiBaseUrl), true);
    assert.equal(fixture.endpoints.isAllowed(binding, "https://api.openai.com/v1"), false);
  });

  it("lets a key of an earlier version go to OpenAI alone", async () => {
    await fixture.secrets.store("ownKey", JSON.stringify({ version: 1, key, checked: true }));
    await fixture.ownKey.reload();
    fixture.mode.current = "apiKey";
    const { binding } = await fixture.source.get("apiKey");
    assert.equal(fixture.endpoints.isAllowed(binding, "https://api.openai.com/v1"), true);
    assert.equal(fixture.endpoints.isAllowed(binding, issuer.apiBaseUrl), false);
    assert.equal(fixture.review.isNeeded, true);
  });

  it("forgets what was allowed for a key that is removed or replaced", async () => {
    answer = true;
    await fixture.ownKeyActions.adopt(key);
    await fixture.endpoints.grant(ownKeyBinding(key), ["https://b.example"]);
    willAnswer(/Remove the OpenAI API key/, "Remove");
    await fixture.ownKeyActions.remove();
    assert.equal(fixture.endpoints.isAllowed(ownKeyBinding(key), "https://b.example"), false);
    assert.equal(fixture.endpoints.isAllowed(newKeyBinding, issuer.apiBaseUrl), false);
    await fixture.ownKeyActions.adopt(key);
    await fixture.endpoints.grant(ownKeyBinding(key), ["https://b.example"]);
    await fixture.ownKeyActions.adopt(otherKey);
    assert.equal(fixture.endpoints.isAllowed(ownKeyBinding(key), "https://b.example"), false);
  });

  it("forgets nothing for a key that is set again", async () => {
    answer = true;
    await fixture.ownKeyActions.adopt(key);
    fixture.endpoints.grant(ownKeyBinding(key), ["https://b.example"]);
    await fixture.ownKeyActions.adopt(key);
    assert.equal(fixture.endpoints.isAllowed(ownKeyBinding(key), "https://b.example"), true);
  });

  it("forgets it as well for a key that is removed from the Accounts menu", async () => {
    answer = true;
    await fixture.ownKeyActions.adopt(key);
    await fixture.endpoints.grant(ownKeyBinding(key), ["https://b.example"]);
    await fixture.ownKeyActions.drop(key);
    assert.equal(fixture.ownKey.current, undefined);
    assert.equal(fixture.endpoints.isAllowed(ownKeyBinding(key), "https://b.example"), false);
    assert.equal(fixture.endpoints.isAllowed(newKeyBinding, issuer.apiBaseUrl), false);
  });

  it("asks for no credits in the background, and nobody about them", async () => {
    await fixture.signedIn();
    fixture.wanted.credits = true;
    const id = fixture.accounts.state.active?.id ?? "";
    await assert.rejects(fixture.credits.ask(id), is("endpointNotAllowed"));
    fixture.followUp.resume();
    await settle();
    assert.deepEqual([issuer.recordsOf("redeemCredits").length, questions], [0, 0]);
  });

  it("asks about the issuer and both services at a sign-in, in one question", async () => {
    await assert.rejects(
      fixture.review.permitSignIn(issuer.issuer, new AbortController().signal),
      is("signInNotAllowed"),
    );
    answer = true;
    await fixture.review.permitSignIn(issuer.issuer, new AbortController().signal);
    const binding = accountBinding(issuer.issuer);
    const addresses = [issuer.issuer, issuer.apiBaseUrl, issuer.chatgptBaseUrl];
    assert.deepEqual([questions, fixture.endpoints.missing(binding, addresses)], [2, []]);
  });

  it("signs in though a service's address is none: nothing can go there", async () => {
    answer = true;
    changeSetting("chatgptSignIn.chatgptBaseUrl", "http://example.com");
    await fixture.review.permitSignIn(issuer.issuer, new AbortController().signal);
    assert.equal(questions, 1);
  });

  it("takes over no login of the real service for another one before they allow it", async () => {
    // What was allowed for the other's own tokens does not count for these.
    answer = true;
    await fixture.review.permitSignIn(issuer.issuer, new AbortController().signal);
    answer = false;
    await assert.rejects(fixture.review.permitImport("https://auth.openai.com", issuer.issuer), is("signInNotAllowed"));
    assert.equal(questions, 2);
    await fixture.review.permitImport(issuer.issuer, issuer.issuer);
    assert.equal(questions, 2);
  });

  it("have allowed no other login of the real service by importing one as another's", async () => {
    answer = true;
    const real = accountBinding("https://auth.openai.com");
    await fixture.review.permitImport("https://auth.openai.com/", issuer.issuer);
    assert.equal(fixture.endpoints.isAllowed(accountBinding(issuer.issuer), issuer.chatgptBaseUrl), true);
    assert.equal(fixture.endpoints.isAllowed(real, issuer.chatgptBaseUrl), false);
    // One that is signed in keeps what was allowed for it, and what was allowed for its issuer's own import.
    await fixture.signedIn("plus@example.com", { issuer: "https://auth.openai.com" });
    await fixture.endpoints.grant(real, [issuer.chatgptBaseUrl]);
    await fixture.review.permitImport("https://auth.openai.com", issuer.issuer);
    assert.equal(fixture.endpoints.isAllowed(real, issuer.chatgptBaseUrl), true);
    await fixture.review.permitImport(issuer.issuer, issuer.issuer);
    assert.equal(fixture.endpoints.isAllowed(accountBinding(issuer.issuer), issuer.chatgptBaseUrl), true);
  });

  /** Tokens of nobody in particular, which name no issuer; and a link to them. */
  const loginToLink = () => {
    const claims = { email: "ada@example.com", "https://api.openai.com/auth": { chatgpt_account_id: "acc" } };
    const idToken = ["e30", Buffer.from(JSON.stringify(claims)).toString("base64url"), "x"].join(".");
    const login = {
      file: {
        tokens: { idToken, accessToken: idToken, refreshToken: "rt.1", workspaceId: "acc" },
        apiKey: undefined,
        lastRefresh: undefined,
      } as unknown as Parameters<typeof credentialOf>[0],
      link: undefined,
      warnings: [],
    };
    return [login, { codexHome: fixture.directory, store: "keyring", refreshHere: false }] as const;
  };

  it("stores no login of a ChatGPT workspace that is forbidden while the person is asked", async () => {
    const [login, link] = loginToLink();
    answer = true;
    changeSetting("chatgptSignIn.allowedWorkspaces", ["acc"]);
    onQuestion = () => changeSetting("chatgptSignIn.allowedWorkspaces", ["another-workspace"]);
    await assert.rejects(fixture.codexImport.link(login, link), is("workspaceNotAllowed"));
    assert.deepEqual([questions, fixture.accounts.state.accounts], [1, []]);
    onQuestion = assert.fail;
    await assert.rejects(fixture.codexImport.link(login, link), is("workspaceNotAllowed"));
  });

  it("stores no login of the Codex CLI that the person does not want there", async () => {
    const [login, link] = loginToLink();
    // What they said of the other service's own logins does not count for one that names no issuer, so OpenAI's.
    const own = accountBinding(issuer.issuer);
    await fixture.endpoints.grant(own, [issuer.issuer, issuer.apiBaseUrl, issuer.chatgptBaseUrl]);
    const before = requests();
    await assert.rejects(fixture.codexImport.link(login, link), is("signInNotAllowed"));
    assert.deepEqual([questions, requests(), fixture.accounts.state.accounts], [1, before, []]);
    answer = true;
    await fixture.codexImport.link(login, link);
    assert.equal(fixture.accounts.state.active?.email, "ada@example.com");
    // It is stored as a login of the settings' issuer, and what was allowed for it holds for that one.
    assert.equal(fixture.review.isNeeded, false);
  });

  it("is shown in the panel as held back until they say yes, and a no is no failure", async () => {
    assert.equal(fixture.review.isNeeded, false);
    await fixture.signedIn();
    assert.equal(fixture.review.isNeeded, true);
    await fixture.review.review();
    assert.deepEqual([questions, fixture.review.isNeeded], [1, true]);
    answer = true;
    await fixture.review.review();
    assert.deepEqual([questions, fixture.review.isNeeded], [2, false]);
    changeSetting("chatgptSignIn.chatgptBaseUrl", "https://evil.example");
    assert.equal(fixture.review.isNeeded, true);
  });

  it("is forgotten with the last account of its issuer", async () => {
    answer = true;
    await fixture.signedIn("plus@example.com");
    await fixture.signedIn("team@example.com");
    await fixture.review.review();
    willAnswer(/^Sign out of/, "Sign Out");
    await fixture.run("signOut");
    assert.equal(fixture.review.isNeeded, false);
    willAnswer(/^Sign out of/, "Sign Out");
    await fixture.run("signOut");
    assert.equal(fixture.endpoints.isAllowed(accountBinding(issuer.issuer), issuer.chatgptBaseUrl), false);
  });

  it("is forgotten here too when another window signs the last account out, or removes the key", async () => {
    answer = true;
    const { id } = await fixture.signedIn("plus@example.com");
    await fixture.review.review();
    await fixture.ownKeyActions.adopt(key);
    await fixture.endpoints.grant(ownKeyBinding(key), ["https://b.example"]);
    const all = [
      [accountBinding(issuer.issuer), issuer.chatgptBaseUrl],
      [ownKeyBinding(key), "https://b.example"],
      [newKeyBinding, issuer.apiBaseUrl],
    ] as const;
    const allowed = () => all.map(([binding, address]) => fixture.endpoints.isAllowed(binding, address));
    // While the credentials are there, what this window knows does not depend on the memory.
    fixture.memory.clear();
    assert.deepEqual(allowed(), [true, true, true]);
    let changes = 0;
    fixture.endpoints.onDidChange(() => {
      changes += 1;
    });
    await fixture.signOutAccount(id);
    assert.deepEqual([allowed(), changes], [[false, true, true], 1]);
    await fixture.ownKey.set(otherKey, true, issuer.apiBaseUrl);
    assert.deepEqual(allowed(), [false, false, true]);
    await fixture.ownKey.remove();
    assert.deepEqual(allowed(), [false, false, false]);
  });

  it("is forgotten before the tokens of a sign-out are revoked, so that nobody who signs in again meanwhile loses it", async () => {
    answer = true;
    await fixture.signedIn("plus@example.com");
    await fixture.review.review();
    const revokedBefore: number[] = [];
    fixture.endpoints.onDidChange(() => revokedBefore.push(fixture.revoked.length));
    willAnswer(/^Sign out of/, "Sign Out");
    await fixture.run("signOut");
    assert.deepEqual([revokedBefore, fixture.revoked.length], [[0], 1]);
  });

  it("is told what to do, with the settings at hand", async () => {
    changeSetting("chatgptSignIn.apiBaseUrl", "https://evil.example/v1");
    await fixture.run("setApiKey");
    const { text, buttons, choose } = theMessage(/The API key wasn't sent/);
    assert.deepEqual(buttons, ["Open Settings", "Show Log"]);
    assert.ok(!text.includes("evil.example"));
    choose("Open Settings");
    await settle();
    assert.equal(state.commands.at(-1)?.name, "workbench.action.openSettings");
    assert.equal(sentences().length, 1);
  });

  it("is warned of an address that is not OpenAI's, and not of one that is written differently", () => {
    changeSetting("chatgptSignIn.issuer", "https://AUTH.openai.com:443/");
    changeSetting("chatgptSignIn.apiBaseUrl", "https://api.openai.com/v1/");
    changeSetting("chatgptSignIn.chatgptBaseUrl", "https://chatgpt.com.evil.example/backend-api");
    assert.deepEqual(settings.changedEndpoints, ["chatgptBaseUrl"]);
  });
});
