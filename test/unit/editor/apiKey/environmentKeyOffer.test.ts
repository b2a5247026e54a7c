import assert from "node:assert/strict";
import { offerEnvironmentKey } from "../../../../src/editor/apiKey/environmentKeyOffer.ts";
import { MemoryMemento } from "../sessions/sessionFixture.ts";

const key = "sk-environmentKey1234";

describe("The offer to use the environment's API key", () => {
  let memory: MemoryMemento;
  let sentences: string[];
  let adopted: number;

  function offer(parts: Partial<Parameters<typeof offerEnvironmentKey>[0]> = {}): void {
    offerEnvironmentKey({
      environment: { OPENAI_API_KEY: key },
      ownKey: { current: undefined },
      authMode: () => "apiKey",
      memory,
      notifications: {
        info: (sentence: string, ways: Record<string, () => void> = {}) => {
          sentences.push(sentence);
          ways["Use This Key"]?.();
        },
      },
      adopt: () => {
        adopted += 1;
      },
      ...parts,
    });
  }

  beforeEach(() => {
    memory = new MemoryMemento();
    sentences = [];
    adopted = 0;
  });

  it("is made once, adopts the key at a click, and does not show it", () => {
    offer();
    offer();
    assert.deepEqual([sentences.length, adopted], [1, 1]);
    assert.ok(!sentences.join().includes("sk-"));
  });

  it("is made only where a key is what is missing", () => {
    offer({ authMode: () => "chatgpt" });
    offer({ ownKey: { current: { version: 1, key, checked: true } } });
    offer({ environment: {} });
    offer({ environment: { OPENAI_API_KEY: "not a key" } });
    assert.deepEqual([sentences, memory.values], [[], new Map()]);
    offer();
    assert.equal(sentences.length, 1);
  });
});
