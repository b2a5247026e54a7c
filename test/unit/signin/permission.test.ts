import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { EndpointQuestion } from "../../../src/account/endpointPermissions.ts";
import { isProblem, type ProblemCode } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { browseAs, createServices, type TestServices } from "../../support/services.ts";

const is = (code: ProblemCode) => (error: unknown) => isProblem(error, code) || assert.fail(String(error));
const turn = () => new Promise((resolve) => setImmediate(resolve));

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** The settings' issuer is not the real one: whoever runs it would see the password and get the code. */
describe("Signing in at an issuer that the person has not allowed", () => {
  let issuer: TestIssuer;
  let services: TestServices;
  let opened: string[];
  let questions: EndpointQuestion[];
  let answer: PromiseWithResolvers<boolean>;
  let clock: ManualClock;

  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());

  beforeEach(async () => {
    opened = [];
    questions = [];
    answer = Promise.withResolvers();
    clock = new ManualClock();
    const browse = browseAs("plus@example.com");
    services = await createServices({
      issuer: issuer.issuer,
      clock,
      openExternal: async (url) => {
        opened.push(url);
        return browse(url);
      },
      account: {
        askForEndpoints: (question) => {
          questions.push(question);
          return answer.promise;
        },
      },
    });
  });
  afterEach(async () => {
    services.signIn.cancel();
    await services.dispose();
  });

  const requests = () => issuer.records.length;

  for (const flow of ["browser", "deviceCode", "paste"] as const) {
    it(`opens nothing, listens on nothing and sends nothing while nobody answers (${flow})`, async () => {
      const before = requests();
      const run = services.signIn.run({ flow });
      const refused = assert.rejects(run, is("signInNotAllowed"));
      await turn();
      assert.deepEqual(questions, [{ kind: "account", addresses: [issuer.issuer] }]);
      assert.equal(services.signIn.running?.stage, "starting");
      assert.equal(services.signIn.link, undefined);
      assert.deepEqual([await isFree(1455), await isFree(1457)], [true, true]);
      answer.resolve(false);
      await refused;
      assert.deepEqual([opened, requests(), services.accounts.state.accounts], [[], before, []]);
    });
  }

  it("starts no other flow either, whatever the person presses meanwhile", async () => {
    const before = requests();
    const run = services.signIn.run();
    const refused = assert.rejects(run, is("signInNotAllowed"));
    const others = (["deviceCode", "paste", "browser"] as const).map((flow) => services.signIn.switchTo(flow));
    const outcomes = Promise.allSettled([...others, services.signIn.bringForward()]);
    await turn();
    answer.resolve(false);
    await refused;
    await outcomes;
    assert.deepEqual([opened, requests(), questions.length], [[], before, 1]);
  });

  it("ends at once when it is cancelled, and after its time when nobody ever answers", async () => {
    const cancelled = assert.rejects(services.signIn.run(), is("cancelled"));
    await turn();
    services.signIn.cancel();
    await cancelled;
    const refused = assert.rejects(services.signIn.run(), is("signInNotAllowed"));
    await clock.advance(5 * 60_000);
    await refused;
    assert.equal(services.signIn.running, undefined);
    assert.equal(questions.length, 1);
  });

  it("goes on once they allow it, asks again who has refused, and nobody who has allowed it", async () => {
    answer.resolve(false);
    await assert.rejects(services.signIn.run(), is("signInNotAllowed"));
    answer = Promise.withResolvers();
    answer.resolve(true);
    await services.signIn.run();
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
    await services.signIn.run();
    assert.deepEqual([questions.length, opened.length], [2, 2]);
  });
});
