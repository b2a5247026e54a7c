import assert from "node:assert/strict";
import { scopesOf } from "../../../../src/editor/sessions/sessionScopes.ts";
import type { Sessions } from "../../../../src/editor/sessions/sessions.ts";
import { labels, type SessionFixture, tokens, useSessionFixture } from "./sessionFixture.ts";

const { apiKey, chatgpt, identity } = scopesOf;

describe("Sessions of the own key", () => {
  let fixture: SessionFixture;
  let sessions: Sessions;
  useSessionFixture((given) => {
    fixture = given;
  });
  afterEach(() => sessions.dispose());
  beforeEach(() => {
    fixture.mode.current = "apiKey";
    sessions = fixture.open();
  });

  it("are a separate account, in API key mode only", async () => {
    await fixture.ownKey.set("sk-typedByThePerson1234", true);
    assert.deepEqual(tokens(await sessions.get(apiKey)), ["sk-typedByThePerson1234"]);
    assert.deepEqual(labels(await sessions.get(undefined)), ["OpenAI API key"]);
    assert.deepEqual(await sessions.get(chatgpt), []);
    assert.equal(fixture.changes[0]?.added?.length, 2);
    fixture.setMode("chatgpt");
    assert.deepEqual(await sessions.get(apiKey), []);
    assert.deepEqual(await sessions.get(undefined), []);
    assert.equal(fixture.changes[1]?.removed?.length, 2);
  });

  it("follow the key, and removing one removes the key", async () => {
    await fixture.ownKey.set("sk-typedByThePerson1234", true);
    const [first] = await sessions.get(apiKey);
    await fixture.ownKey.set("sk-typedByThePerson5678", true);
    assert.deepEqual(
      fixture.changes[1]?.added?.map(({ accessToken }) => accessToken),
      ["", "sk-typedByThePerson5678"],
    );
    // VS Code asks about the first key, and its answer comes when there is another.
    await sessions.remove(first?.id ?? "");
    assert.equal(fixture.ownKey.current?.key, "sk-typedByThePerson5678");
    // VS Code keeps what the person has allowed for the first key, and finds it under its label.
    assert.deepEqual(labels(await sessions.get(apiKey)), ["OpenAI API key 2"]);
    assert.deepEqual(labels(fixture.changes[1]?.removed ?? []), ["OpenAI API key", "OpenAI API key"]);
    await fixture.ownKey.set("sk-typedByThePerson1234", true);
    assert.deepEqual(labels(await sessions.get(apiKey)), ["OpenAI API key"]);
    for (const { id } of await sessions.get(undefined)) await sessions.remove(id);
    assert.equal(fixture.ownKey.current, undefined);
    assert.deepEqual(fixture.person.removed, ["sk-typedByThePerson1234"]);
    assert.equal(fixture.changes[3]?.removed?.length, 2);
  });

  it("are had by the id of their own key's account, and of no workspace", async () => {
    await fixture.ownKey.set("sk-typedByThePerson1234", true);
    const [first] = await sessions.get(apiKey);
    await fixture.ownKey.set("sk-typedByThePerson5678", true);
    fixture.allow("a-workspace");
    const [second] = await sessions.get(identity);
    assert.deepEqual(await sessions.get(apiKey, first?.account.id), []);
    assert.deepEqual(tokens(await sessions.get(apiKey, second?.account.id)), ["sk-typedByThePerson5678"]);
    fixture.person.keyChoice = "ownKey";
    await fixture.ownKey.set("sk-typedByThePerson9012", true);
    assert.equal((await sessions.create(apiKey)).accessToken, "sk-typedByThePerson1234");
  });
});
