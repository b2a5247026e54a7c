import assert from "node:assert/strict";
import { EndpointPermissions, type EndpointQuestion } from "../../../src/account/endpointPermissions.ts";
import {
  accountBinding,
  type Binding,
  endpointDefaults,
  isDefaultEndpoint,
  newKeyBinding,
  ownKeyBinding,
} from "../../../src/account/endpoints.ts";
import { parseEndpoint } from "../../../src/platform/endpoint.ts";
import { isProblem, type ProblemCode } from "../../../src/shared/problem.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemoryMemento } from "../editor/sessions/sessionFixture.ts";

const is = (code: ProblemCode) => (error: unknown) => isProblem(error, code) || assert.fail(String(error));

const real = accountBinding(endpointDefaults.issuer);
const gateway = "https://gateway.example.com/v1";

/** A person who answers as the test says. */
class Person {
  readonly questions: EndpointQuestion[] = [];
  readonly #waiting: ((answer: boolean) => void)[] = [];

  readonly ask = (question: EndpointQuestion): Promise<boolean> => {
    this.questions.push(question);
    return new Promise((resolve) => this.#waiting.push(resolve));
  };

  /** Answers the oldest question and lets what waited for it run. */
  async answer(allowed: boolean): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const next = this.#waiting.shift();
    assert.ok(next, "nothing is being asked");
    next(allowed);
    await new Promise((resolve) => setImmediate(resolve));
  }

  get asked(): readonly (readonly string[])[] {
    return this.questions.map(({ addresses }) => addresses);
  }
}

describe("Where a credential may be sent", () => {
  let memory: MemoryMemento;
  let person: Person;
  let clock: ManualClock;
  let lines: string[];
  let endpoints: EndpointPermissions;

  const open = (ask: (question: EndpointQuestion) => PromiseLike<boolean> = person.ask) => {
    const write = (line: string) => void lines.push(line);
    return new EndpointPermissions({
      memory,
      ask,
      clock,
      log: { debug: write, info: write, warn: write, error: write },
    });
  };

  beforeEach(() => {
    memory = new MemoryMemento();
    person = new Person();
    clock = new ManualClock();
    lines = [];
    endpoints = open();
  });

  describe("without a question", () => {
    for (const address of [
      ...Object.values(endpointDefaults),
      "https://api.openai.com:443/v1",
      "https://api.openai.com/v1/",
      "HTTPS://API.OpenAI.com/v1",
      "https://chatgpt.com/other/../backend-api",
    ]) {
      it(`a credential of the real service goes to ${address}`, async () => {
        endpoints.assertAllowed(real, address);
        await endpoints.request(real, [address]);
        assert.deepEqual(person.asked, []);
      });
    }

    it("knows the real service's issuer however its address is written", () => {
      for (const issuer of ["https://auth.openai.com/", "https://AUTH.openai.com:443"]) {
        assert.equal(endpoints.isAllowed(accountBinding(issuer), endpointDefaults.chatgptBaseUrl), true, issuer);
      }
    });
  });

  describe("only after one", () => {
    for (const address of [
      gateway,
      "https://api.openai.com",
      "https://api.openai.com/v2",
      "https://api.openai.com/v1/other",
      "https://api.openai.com/v1/../../evil",
      "https://chatgpt.com/backend-api/%2e%2e/evil",
      "https://chatgpt.com//backend-api",
      "https://api.openai.com:8443/v1",
      "https://api.openai.com./v1",
      "https://api.openai.com.evil.example/v1",
      "https://evil.example/api.openai.com/v1",
      "https://api-openai.com/v1",
      "https://аpi.openai.com/v1",
      "https://xn--pi-6kc.openai.com/v1",
      "https://chatgpt.com\\@evil.example/backend-api",
      "http://127.0.0.1:8080/v1",
      "http://localhost:1455/v1",
      "http://[::1]:8080/v1",
    ]) {
      it(`a credential of the real service goes to ${address}`, async () => {
        assert.throws(() => endpoints.assertAllowed(real, address), is("endpointNotAllowed"));
        const asked = endpoints.request(real, [address]);
        await person.answer(true);
        await asked;
        endpoints.assertAllowed(real, address);
        assert.deepEqual(person.asked, [[address]]);
      });
    }

    for (const address of [
      "https://api.openai.com@evil.example/v1",
      "https://user:word@api.openai.com/v1",
      "https://api.openai.com/v1?to=evil",
      "https://api.openai.com/v1#evil",
      "http://api.openai.com/v1",
      "http://127.0.0.1.evil.example/v1",
      "api.openai.com/v1",
      "javascript:alert(1)//api.openai.com",
      "",
    ]) {
      it(`and never at all to ${JSON.stringify(address)}`, async () => {
        assert.throws(() => parseEndpoint("chatgptSignIn.apiBaseUrl", address), /must be an https URL/);
        assert.equal(endpoints.isAllowed(real, address), false);
        await memory.update("allowedEndpoints", [[real.holder, address]]);
        assert.equal(endpoints.isAllowed(real, address), false);
      });
    }

    it("and a credential that is bound to nothing goes nowhere", () => {
      for (const address of [...Object.values(endpointDefaults), gateway]) {
        assert.throws(() => endpoints.assertAllowed(undefined, address), is("endpointNotAllowed"));
      }
    });
  });

  it("names all addresses in one question, and asks for none that is allowed already", async () => {
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

  it("remembers what was allowed over a restart, for that credential alone", async () => {
    const asked = endpoints.request(real, [gateway]);
    await person.answer(true);
    await asked;
    const next = open();
    assert.equal(next.isAllowed(real, gateway), true);
    assert.equal(next.isAllowed(real, `${gateway}/`), true);
    const others: Binding[] = [
      accountBinding("https://login.example.com"),
      accountBinding("https://auth.openai.com.evil.example"),
      ownKeyBinding("sk-test-own-key-1"),
      newKeyBinding,
    ];
    for (const other of others) assert.equal(next.isAllowed(other, gateway), false, other.holder);
  });

  it("is not taken from another issuer's tokens by the real service's addresses", () => {
    const other = accountBinding("https://login.example.com");
    for (const address of ["https://login.example.com", ...Object.values(endpointDefaults)]) {
      assert.equal(endpoints.isAllowed(other, address), false, address);
    }
  });

  it("asks nobody again who has said no, until they want to be asked", async () => {
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
    // The yes was the last word, so it is asked again once that is forgotten.
    await endpoints.forget(real);
    const after = endpoints.request(real, [gateway]);
    await person.answer(true);
    await after;
    assert.equal(person.questions.length, 3);
  });

  it("has one dialog for all who wait, and one at a time", async () => {
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

  it("takes a no for whoever waits for the next dialog and would ask about the same, unless they want to be asked", async () => {
    const other = "https://b.example";
    const both = assert.rejects(endpoints.request(real, [gateway, other], { again: true }));
    const one = assert.rejects(endpoints.request(real, [gateway]), is("endpointNotAllowed"));
    await person.answer(false);
    await Promise.all([both, one]);
    assert.deepEqual(person.asked, [[gateway, other]]);
  });

  it("asks whoever wants to be asked, also where one who does not waits for the same dialog", async () => {
    const other = "https://b.example";
    const both = assert.rejects(endpoints.request(real, [gateway, other], { again: true }));
    const silent = endpoints.request(real, [gateway]);
    const wanted = endpoints.request(real, [gateway], { again: true });
    await person.answer(false);
    await person.answer(true);
    await Promise.all([both, silent, wanted]);
    assert.deepEqual(person.asked, [[gateway, other], [gateway]]);
  });

  it("takes a no for all who wait for it", async () => {
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
      const host = open(ask);
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

  it("does not keep a request waiting that was stopped", async () => {
    const stopped = new Error("stopped");
    const abort = new AbortController();
    const asked = endpoints.request(real, [gateway], { signal: abort.signal });
    abort.abort(stopped);
    await assert.rejects(asked, stopped);
    await assert.rejects(endpoints.request(real, [gateway], { signal: abort.signal }), stopped);
    assert.equal(clock.pending, 0);
    assert.ok(person.questions.length <= 1);
  });

  it("asks nothing for a request that was stopped before", async () => {
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
    it(`neither waits for a memory that ${what} nor fails with it, and tells of the change`, async () => {
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
    const host = open(async () => {
      asked += 1;
      if (asked === 1) throw new Error("refused to show dialog in tests");
      return true;
    });
    await assert.rejects(host.request(real, [gateway]), is("endpointNotAllowed"));
    await host.request(real, [gateway]);
    assert.equal(asked, 2);
  });

  it("tells of what this window alone knew and has dropped, and of nothing else", async () => {
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

  it("takes nothing but its own form for an answer that is remembered", async () => {
    for (const stored of [
      true,
      "https://gateway.example.com/v1",
      { [real.holder]: [gateway] },
      [real.holder, gateway],
      [[real.holder]],
      [[real.holder, gateway, "more"]],
      [[real.holder, { href: gateway }]],
      [["*", gateway]],
      [[real.holder, "*"]],
      [[real.holder, "https://gateway.example.com"]],
    ]) {
      await memory.update("allowedEndpoints", stored);
      assert.equal(endpoints.isAllowed(real, gateway), false, JSON.stringify(stored));
    }
  });

  it("keeps an API key out of what it remembers", async () => {
    assert.match(ownKeyBinding(`sk-${"a".repeat(40)}`).holder, /^API key [0-9a-f]{12}$/);
    const secret = "sk-test-own-key-000000000000000000000000";
    const asked = endpoints.request(ownKeyBinding(secret), [gateway]);
    await person.answer(true);
    await asked;
    const stored = JSON.stringify([...memory.values]);
    assert.ok(stored.includes(gateway));
    assert.ok(!stored.includes(secret.slice(-12)) && !stored.includes(secret.slice(0, 12)), stored);
    assert.ok(!lines.join("\n").includes(gateway), "an address of the settings is in the log");
  });

  it("lets an API key go where it was set for, and only there", () => {
    const older = ownKeyBinding("sk-test-own-key-1");
    const bound = ownKeyBinding("sk-test-own-key-1", gateway);
    assert.equal(endpoints.isAllowed(older, endpointDefaults.apiBaseUrl), true);
    assert.equal(endpoints.isAllowed(older, endpointDefaults.chatgptBaseUrl), false);
    assert.equal(endpoints.isAllowed(older, gateway), false);
    assert.equal(endpoints.isAllowed(bound, gateway), true);
    assert.equal(endpoints.isAllowed(bound, endpointDefaults.apiBaseUrl), false);
    assert.notEqual(ownKeyBinding("sk-test-own-key-2").holder, older.holder);
  });

  it("tells a changed setting from one that only writes the address differently", () => {
    assert.equal(isDefaultEndpoint("apiBaseUrl", " https://api.openai.com:443/v1/ "), true);
    assert.equal(isDefaultEndpoint("issuer", "https://Auth.OpenAI.com/"), true);
    for (const value of ["https://api.openai.com", "http://api.openai.com/v1", "", undefined, 7]) {
      assert.equal(isDefaultEndpoint("apiBaseUrl", value), false, String(value));
    }
  });
});
