import assert from "node:assert/strict";
import { accountBinding, endpointDefaults, newKeyBinding, ownKeyBinding } from "../../../src/account/endpoints.ts";
import { createEndpointFixture, type EndpointFixture, gateway, real } from "./endpointFixture.ts";
import { is } from "./fixture.ts";

describe("The question whether a credential may go to an address", () => {
  let fixture: EndpointFixture;
  let memory: EndpointFixture["memory"];
  let person: EndpointFixture["person"];
  let clock: EndpointFixture["clock"];
  let endpoints: EndpointFixture["endpoints"];
  beforeEach(() => {
    fixture = createEndpointFixture();
    ({ memory, person, clock, endpoints } = fixture);
  });

  it("names all addresses in one question, except those that are already allowed", async () => {
    const corporate = accountBinding("https://login.example.com");
    const all = ["https://login.example.com", endpointDefaults.apiBaseUrl, gateway];
    const first = endpoints.request(corporate, all);
    await person.answer(true);
    await first;
    await endpoints.request(corporate, [...all, gateway]);
    const second = endpoints.request(corporate, [...all, endpointDefaults.chatgptBaseUrl]);
    await person.answer(true);
    await second;
    assert.deepEqual(person.asked, [all, [endpointDefaults.chatgptBaseUrl]]);
  });

  it("is not asked again after a no, unless the person wants to be asked", async () => {
    const refused = endpoints.request(real, [gateway]);
    await Promise.all([assert.rejects(refused, is("endpointNotAllowed")), person.answer(false)]);
    await assert.rejects(endpoints.request(real, [gateway]), is("endpointNotAllowed"));
    await assert.rejects(endpoints.request(real, [gateway, "https://b.example"]), is("endpointNotAllowed"));
    assert.equal(person.questions.length, 1);
    const again = endpoints.request(real, [gateway], { again: true });
    await person.answer(true);
    await again;
    await endpoints.request(real, [gateway]);
    assert.equal(person.questions.length, 2);
    // The yes was the last answer, so it is asked again once that is forgotten.
    await endpoints.forget(real);
    const after = endpoints.request(real, [gateway]);
    await person.answer(true);
    await after;
    assert.equal(person.questions.length, 3);
  });

  it("has one dialog for all callers who wait, and one at a time", async () => {
    const same = [endpoints.request(real, [gateway]), endpoints.request(real, [`${gateway}/`])];
    const other = endpoints.request(real, ["https://b.example"]);
    const both = endpoints.request(real, [gateway, "https://b.example"]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(person.asked, [[gateway]]);
    await person.answer(true);
    await Promise.all(same);
    assert.deepEqual(person.asked, [[gateway], ["https://b.example"]]);
    await person.answer(true);
    await Promise.all([other, both]);
    assert.equal(person.questions.length, 2);
  });

  it("takes a no for a caller who waits for the next dialog with the same question, unless the person wants to be asked", async () => {
    const other = "https://b.example";
    const both = assert.rejects(endpoints.request(real, [gateway, other], { again: true }));
    const one = assert.rejects(endpoints.request(real, [gateway]), is("endpointNotAllowed"));
    await person.answer(false);
    await Promise.all([both, one]);
    assert.deepEqual(person.asked, [[gateway, other]]);
  });

  it("is asked where the person wants to be asked, even if another caller waits for the same dialog", async () => {
    const other = "https://b.example";
    const both = assert.rejects(endpoints.request(real, [gateway, other], { again: true }));
    const silent = endpoints.request(real, [gateway]);
    const wanted = endpoints.request(real, [gateway], { again: true });
    await person.answer(false);
    await person.answer(true);
    await Promise.all([both, silent, wanted]);
    assert.deepEqual(person.asked, [[gateway, other], [gateway]]);
  });

  it("takes a no for all callers who wait for it", async () => {
    const waiting = [1, 2, 3].map(() => assert.rejects(endpoints.request(real, [gateway], { again: true })));
    await person.answer(false);
    await Promise.all(waiting);
    assert.deepEqual(person.asked, [[gateway]]);
  });

  it("is refused where no dialog can be shown, and asked the next time", async () => {
    for (const ask of [
      async () => {
        throw new Error("refused to show dialog in tests");
      },
      async () => undefined as unknown as boolean,
      async () => "Allow" as unknown as boolean,
    ]) {
      const host = fixture.open(ask);
      await assert.rejects(host.request(real, [gateway]), is("endpointNotAllowed"));
      assert.equal(host.isAllowed(real, gateway), false);
    }
    assert.deepEqual(memory.values, new Map());
    const asked = endpoints.request(real, [gateway]);
    await person.answer(true);
    await asked;
  });

  it("is refused after five minutes without an answer; a later one still counts", async () => {
    const asked = endpoints.request(real, [gateway], { problem: "signInNotAllowed" });
    const refused = assert.rejects(asked, is("signInNotAllowed"));
    await clock.advance(5 * 60_000);
    await refused;
    assert.equal(clock.pending, 0);
    await person.answer(true);
    await endpoints.request(real, [gateway]);
    assert.equal(person.questions.length, 1);
  });

  it("does not keep a request waiting that was aborted", async () => {
    const stopped = new Error("stopped");
    const abort = new AbortController();
    const asked = endpoints.request(real, [gateway], { signal: abort.signal });
    abort.abort(stopped);
    await assert.rejects(asked, stopped);
    await assert.rejects(endpoints.request(real, [gateway], { signal: abort.signal }), stopped);
    assert.equal(clock.pending, 0);
    assert.ok(person.questions.length <= 1);
  });

  it("is not asked for a request that was aborted before", async () => {
    const reason = new Error("stopped");
    await assert.rejects(
      endpoints.request(real, [gateway], { signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(person.asked, []);
  });

  it("forgets what was allowed for a credential that is gone, and nothing else", async () => {
    const key = ownKeyBinding("sk-test-own-key-1");
    await endpoints.grant(real, [gateway]);
    await endpoints.grant(key, [gateway]);
    let changes = 0;
    endpoints.onDidChange(() => {
      changes += 1;
    });
    await endpoints.forget(real);
    assert.equal(changes, 1);
    assert.equal(endpoints.isAllowed(real, gateway), false);
    assert.equal(endpoints.isAllowed(key, gateway), true);
    await endpoints.forget(real);
    assert.equal(changes, 1);
  });

  for (const [what, update] of [
    ["never answers", () => new Promise<void>(() => {})],
    ["fails", () => Promise.reject(new Error("the disk is full"))],
  ] as const) {
    it(`neither waits for a memory that ${what} nor fails with it, and fires the event`, async () => {
      const other = "https://b.example";
      memory.update = update;
      let changes = 0;
      endpoints.onDidChange(() => {
        changes += 1;
      });
      for (const address of [gateway, other]) {
        const asked = endpoints.request(real, [address]);
        await person.answer(true);
        await asked;
      }
      assert.deepEqual([person.asked, changes, clock.pending], [[[gateway], [other]], 2, 0]);
      endpoints.forget(real);
      assert.deepEqual([endpoints.isAllowed(real, gateway), changes], [false, 3]);
    });
  }

  it("does not take a dialog that could not be shown for a no", async () => {
    let asked = 0;
    const host = fixture.open(async () => {
      asked += 1;
      if (asked === 1) throw new Error("refused to show dialog in tests");
      return true;
    });
    await assert.rejects(host.request(real, [gateway]), is("endpointNotAllowed"));
    await host.request(real, [gateway]);
    assert.equal(asked, 2);
  });

  it("fires the event for what only this window knew and has dropped, and for nothing else", async () => {
    let changes = 0;
    endpoints.grant(real, [gateway]);
    endpoints.onDidChange(() => {
      changes += 1;
    });
    endpoints.forgetHere(real);
    assert.deepEqual([endpoints.isAllowed(real, gateway), changes], [true, 0]);
    endpoints.grant(real, ["https://b.example"]);
    await memory.update("allowedEndpoints", []);
    endpoints.forgetHere(newKeyBinding);
    assert.deepEqual([endpoints.isAllowed(real, "https://b.example"), changes], [true, 1]);
    endpoints.forgetHere(real);
    assert.deepEqual([endpoints.isAllowed(real, "https://b.example"), changes], [false, 2]);
  });
});
