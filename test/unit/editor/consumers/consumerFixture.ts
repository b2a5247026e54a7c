import type { Answer, AnswerMemory, Consumer } from "../../../../src/editor/consumers/answers.ts";
import { Consumers } from "../../../../src/editor/consumers/consumers.ts";
import { isProblem, type ProblemCode } from "../../../../src/shared/problem.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { settle } from "../../../support/vscodeStub/stub.ts";
import { logInto } from "../../openai/fixture.ts";
import { MemoryMemento } from "../sessions/sessionFixture.ts";

export const consumer: Consumer = { extension: "some.extension", pays: "plan", payer: "account-1" };
const never = new AbortController().signal;
export const is = (code: ProblemCode) => (error: unknown) => isProblem(error, code);

/** Windows over one memory, and a person who answers when a test says so. */
export function createConsumerFixture() {
  const memory = new MemoryMemento();
  const clock = new ManualClock();
  const log: string[] = [];
  const asked: (PromiseWithResolvers<Answer | undefined> & { consumer: Consumer; bySetting: boolean })[] = [];
  /** What the settings allow. */
  const setting = { ids: [] as string[] };
  /** As in a new window. */
  const open = (over: AnswerMemory = memory) =>
    new Consumers({
      memory: over,
      ask: (about, bySetting) => {
        const question = { ...Promise.withResolvers<Answer | undefined>(), consumer: about, bySetting };
        asked.push(question);
        return question.promise;
      },
      allowedBySetting: () => setting.ids,
      clock,
      log: logInto(log),
    });
  const consumers = open();
  const request = (about: Consumer = consumer, by: Consumers = consumers) => by.request(about, never);
  /** The person answers the last question. */
  const answer = async (given: Answer | undefined) => {
    await settle();
    asked.at(-1)?.resolve(given);
    await settle();
  };
  /** An extension asks, and the person answers. */
  const decide = async (given: Answer | undefined, about: Consumer = consumer, by: Consumers = consumers) => {
    const waiting = request(about, by).catch(() => {});
    await answer(given);
    await waiting;
  };
  return { memory, clock, log, asked, setting, open, consumers, request, answer, decide };
}
export type ConsumerFixture = ReturnType<typeof createConsumerFixture>;
