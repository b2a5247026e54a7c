import assert from "node:assert/strict";
import { EndpointPermissions, type EndpointQuestion } from "../../../src/account/endpointPermissions.ts";
import { accountBinding, endpointDefaults } from "../../../src/account/endpoints.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemoryMemento } from "../editor/sessions/sessionFixture.ts";

/** OpenAI's own tokens. */
export const real = accountBinding(endpointDefaults.issuer);
export const gateway = "https://gateway.example.com/v1";

/** A person whom the test lets answer. */
export class Person {
  readonly questions: EndpointQuestion[] = [];
  readonly #waiting: ((answer: boolean) => void)[] = [];

  readonly ask = (question: EndpointQuestion): Promise<boolean> => {
    this.questions.push(question);
    return new Promise((resolve) => this.#waiting.push(resolve));
  };

  /** Answers the oldest question, and lets those who wait for it go on. */
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

/** The permissions of one window, and the person who is asked. */
export function createEndpointFixture() {
  const memory = new MemoryMemento();
  const person = new Person();
  const clock = new ManualClock();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = { debug: write, info: write, warn: write, error: write };
  const open = (ask: (question: EndpointQuestion) => PromiseLike<boolean> = person.ask) =>
    new EndpointPermissions({ memory, ask, clock, log });
  return { memory, person, clock, lines, open, endpoints: open() };
}
export type EndpointFixture = ReturnType<typeof createEndpointFixture>;
