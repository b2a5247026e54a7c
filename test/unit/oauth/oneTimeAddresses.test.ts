import assert from "node:assert/strict";
import { send, useCallbackServer } from "./callbackFixture.ts";

describe("A one-time address of the listener", () => {
  const fixture = useCallbackServer();
  const { state, lines } = fixture;
  const page = `https://auth.openai.com/oauth/authorize?client_id=a&state=${state}`;
  let ending: AbortController;
  beforeEach(() => {
    ending = new AbortController();
    used = 0;
    usedAgain = 0;
  });
  let used: number;
  let usedAgain: number;
  const create = () => {
    const address = fixture.server.oneTimeAddress({
      ...{ url: page, signal: ending.signal },
      onUsed() {
        used += 1;
      },
      onUsedAgain() {
        usedAgain += 1;
      },
    });
    return new URL(address);
  };
  const ask = ({ pathname }: URL, options: Parameters<typeof send>[2] = {}) =>
    send(fixture.port, pathname, { headers: { Host: `127.0.0.1:${fixture.port}` }, ...options });
  const assertLeads = async (address: URL) => {
    const { status, headers } = await ask(address);
    assert.deepEqual([status, headers.location], [302, page]);
  };

  it("names the listener by its number, and holds nothing that can be guessed or is the page's", () => {
    const [one, other] = [create(), create()];
    assert.equal(one.origin, `http://127.0.0.1:${fixture.port}`);
    assert.match(one.href, /^http:\/\/127\.0\.0\.1:\d+\/sign-in\/[\w-]{43}$/);
    assert.notEqual(one.href, other.href);
  });

  it("sends the browser to the page, and leaves no trace in caches, in the Referer, or in the log", async () => {
    const address = create();
    const { status, headers, body } = await ask(address);
    assert.deepEqual([status, headers.location, body], [302, page, ""]);
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.equal(headers.connection, "close");
    assert.deepEqual(lines, ["A browser asked for the sign-in page and was sent to auth.openai.com/oauth/authorize"]);
  });

  it("works once", async () => {
    const address = create();
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask(address)));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [302, ...new Array(19).fill(410)]);
    assert.deepEqual([used, usedAgain], [1, 19]);
    assert.deepEqual(lines.slice(1), ["The sign-in page was requested a second time with the same one-time address"]);
  });

  it("says what it means when it is asked for again, and no answer counts from then on", async () => {
    const address = create();
    await assertLeads(address);
    assert.equal(fixture.server.isAnswering, false);
    const again = await ask(address);
    assert.equal(again.status, 410);
    assert.match(again.body, /<h1>This address was already opened<\/h1><p>If you didn't open it, someone else/);
    assert.equal(again.headers.location, undefined);
    assert.equal(again.headers["cache-control"], "no-store");
    assert.equal(fixture.server.isAnswering, true);
    await fixture.server.shown;
    const reply = await fixture.callback(`code=of-somebody-else&state=${state}`);
    assert.match(reply.body, /This address was already opened/);
    assert.deepEqual(fixture.answers, []);
  });

  it("that is asked for again leaves an answer alone that has come before", async () => {
    const address = create();
    await assertLeads(address);
    assert.equal((await fixture.callback(`code=abc&state=${state}`)).status, 302);
    assert.equal((await ask(address)).status, 410);
    assert.equal(usedAgain, 1);
    assert.equal((await fixture.callback(`code=abc&state=${state}`)).status, 302);
    assert.deepEqual(fixture.answers, [{ code: "abc" }]);
  });

  it("that was never made, or has ended, says how to go on", async () => {
    create();
    const unknown = await send(fixture.port, `/sign-in/${"A".repeat(43)}`);
    assert.match(unknown.body, /<h1>This address works only once<\/h1><p>If the sign-in page is open in another tab/);
    assert.match(unknown.body, /choose “Copy link” there/);
    assert.deepEqual(lines, ["The sign-in page was requested with an unknown one-time address"]);
    assert.deepEqual([used, usedAgain], [0, 0]);
    assert.equal((await fixture.callback(`code=abc&state=${state}`)).status, 302);
  });

  it("is one of those that were made, exactly", async () => {
    const address = create();
    const { pathname } = address;
    const others = [
      pathname.slice(0, -1),
      `${pathname}x`,
      `${pathname}/`,
      pathname.replace("/sign-in/", "/sign-in//"),
      pathname.toUpperCase(),
      `/sign-in/${"A".repeat(43)}`,
      "/sign-in/",
      "/sign-in/__proto__",
    ];
    for (const other of others) {
      const { status, headers } = await send(fixture.port, other);
      assert.ok([404, 410].includes(status), other);
      assert.equal(headers.location, undefined);
    }
    await assertLeads(address);
  });

  const notFollowed: readonly [name: string, options: Parameters<typeof send>[2], status: number][] = [
    ["HEAD", { method: "HEAD" }, 405],
    ["POST", { method: "POST" }, 405],
    ["a prefetch", { headers: { "Sec-Purpose": "prefetch" } }, 503],
    ["a prerendering", { headers: { "Sec-Purpose": "prefetch;prerender" } }, 503],
    ["an older browser's prefetch", { headers: { Purpose: "prefetch" } }, 503],
    ["a preview", { headers: { "X-Purpose": "preview" } }, 503],
    ["Firefox's prefetch of old", { headers: { "X-Moz": "prefetch" } }, 503],
    ["a page of another host", { headers: { Host: "evil.example" } }, 400],
    ["a script of another page", { headers: { Origin: "https://evil.example" } }, 400],
  ];
  for (const [name, options, status] of notFollowed) {
    it(`is not used up by ${name}`, async () => {
      const address = create();
      const reply = await ask(address, {
        ...options,
        headers: { Host: `127.0.0.1:${fixture.port}`, ...options?.headers },
      });
      assert.deepEqual([reply.status, reply.headers.location], [status, undefined]);
      await assertLeads(address);
    });
  }

  it("works beside others, each once", async () => {
    const addresses = [create(), create(), create()];
    for (const address of [...addresses].reverse()) await assertLeads(address);
    for (const address of addresses) assert.equal((await ask(address)).status, 410);
  });

  it("is forgotten when many newer ones are not used", async () => {
    const addresses = Array.from({ length: 17 }, create);
    const [first, second] = addresses;
    assert.equal((await ask(first as URL)).status, 410);
    await assertLeads(second as URL);
    await assertLeads(addresses[16] as URL);
  });

  it("ends when no answer is wanted, though the listener goes on", async () => {
    const [address, other] = [create(), create()];
    await assertLeads(other);
    ending.abort();
    assert.equal((await ask(address)).status, 410);
    assert.equal((await ask(create())).status, 410);
    assert.equal(used, 1);
  });
});
