import assert from "node:assert/strict";
import { ReasoningMemory } from "../../../src/openai/reasoningMemory.ts";
import { estimateTokens } from "../../../src/openai/tokens.ts";

/** Counted with o200k_base (gpt-tokenizer 4.0.0). */
const counted: readonly [string, string, number][] = [
  [
    "English",
    "The quick brown fox jumps over the lazy dog. We would like to know how many tokens this sentence makes when it is read by a language model, and whether an estimate is good enough for that purpose.",
    41,
  ],
  [
    "German",
    "Wir möchten wissen, wie viele Tokens dieser Satz ergibt, wenn er von einem Sprachmodell gelesen wird, und ob eine Schätzung dafür genügt. Die Gesellschaft hat ihren Sitz in Wien.",
    37,
  ],
  [
    "Chinese",
    "我们想知道这句话被语言模型读取时会产生多少个标记，以及估算是否足够准确。北京是中华人民共和国的首都，上海是最大的城市。",
    36,
  ],
  [
    "Japanese",
    "この文が言語モデルに読まれるとき、いくつのトークンになるか、そして見積もりで十分かどうかを知りたいと思います。",
    40,
  ],
  ["Korean", "이 문장이 언어 모델에 의해 읽힐 때 몇 개의 토큰이 되는지, 그리고 추정치가 충분한지 알고 싶습니다.", 33],
  [
    "Russian",
    "Мы хотим знать, сколько токенов получится из этого предложения, когда его читает языковая модель, и достаточно ли оценки.",
    28,
  ],
  [
    "TypeScript",
    'import type { Clock, Disposable } from "../platform/clock.ts";\n\nconst foldCharacters = 256;\nconst foldMs = 8;\n\n/**\n * Folds many small pieces of text into few reports: the first at once, then whenever 256 characters are together or\n * 8 ms have passed. A report costs the editor a message between processes; a person cannot see 8 ms.\n */\nexport class TextBatch {\n  readonly #report: (text: string) => void;\n  readonly #clock: Clock;\n  #held = "";\n  #first = true;\n  #timer: Disposable | undefined;\n\n  constructor(clock: Clock, report: (text: string) => void) {\n    this.#clock = clock;\n    this.#report = report;\n  }\n\n  add(text: string): void {\n    if (text === "") return;\n    if (this.#first) {\n      this.#first = false;\n      this.#report(text);\n      return;\n    }\n    this.#held += text;\n    if (this.#held.length >= foldCharacters) this.flush();\n    // A timer that is already running is left: it can only report sooner.\n    else this.#timer ??= this.#clock.after(foldMs, this.#onTimer);\n  }\n\n  /** Reports what is held, so that whatever comes next stays in order. */\n  flush(): void {\n    if (this.#held === "") return;\n    const text = this.#held;\n    this.#held = "";\n    this.#report(text)',
    312,
  ],
  [
    "JSON",
    '{"name":"read_file","description":"Reads a file of the workspace.","parameters":{"type":"object","properties":{"path":{"type":"string","description":"Absolute path"},"startLine":{"type":"number"},"endLine":{"type":"number"}},"required":["path"]}}',
    56,
  ],
  [
    "base64",
    "APwSQozwbga4hGpqhLgGbvCMQhL8AB5WqBSaOvTItr7gHHLibBDOppikygpk2GYO0KyistwgfvaINPra1OgWXsA80oJMMC5GeMQqqkT4xq6wzAJSvEDelmhUWnq0CHb+oFwyIixQjuZY5IpKJBgmTpDsYvKcYD42SHS6GpQo1p6AfJLCDHDuhjgE6uoEOIbucAzCknyAntYolBq6dEg2PmCc8mLskE4mGCRKiuRY5o5QLCIyXKD+dgi0elpUaJbeQLxSAsywrsb4RKoqxHhGLjBMgtI8wF4W6NTa+jSI9n4g3LKirNAOZthkCsqkmKbOEGzichzgvrbI9DqaFKhWHgD8EkKM8G4GuIRqaoS4Bm7wjEIS/AAeVqgUmjr0yLa+4Bxy4mwQzqaYpMoK",
    265,
  ],
  ["digits", "31415926535897932384626433832795028841971693993751", 17],
  ["emoji", "😀🎉🚀👍🏽 🇩🇪 😀🎉🚀 done", 18],
];

describe("the estimate of tokens", () => {
  for (const [name, text, tokens] of counted) {
    it(`is close to the real count: ${name}`, () => {
      const ratio = estimateTokens(text) / tokens;
      assert.ok(ratio > 0.85 && ratio < 1.25, `${estimateTokens(text)} for ${tokens}`);
    });
  }

  it("is nothing for nothing, and grows with the text", () => {
    assert.equal(estimateTokens(""), 0);
    assert.ok(estimateTokens("one two three") > estimateTokens("one two"));
  });

  it("takes a time that grows with the length alone", () => {
    for (const text of ["a", " ", "A1", "=", "日", "\n"].map((piece) => piece.repeat(300_000))) {
      // With its square, the time limit of the test would be over by far.
      assert.ok(estimateTokens(text) > 0);
    }
  });
});

describe("the memory of encrypted thinking", () => {
  const item = (id: string, size = 10) =>
    ({ type: "reasoning", id, summary: [], encryptedContent: "x".repeat(size) }) as const;

  it("gives back what led to a call, in the scope it came from alone", () => {
    const memory = new ReasoningMemory();
    memory.remember("a", "call_1", [item("rs_1"), item("rs_2")]);
    assert.deepEqual(
      memory.recall("a", "call_1").map(({ id }) => id),
      ["rs_1", "rs_2"],
    );
    assert.deepEqual(memory.recall("a", "call_1").length, 2);
    assert.deepEqual(memory.recall("b", "call_1"), []);
    assert.deepEqual(memory.recall("a", "call_2"), []);
    memory.clear();
    assert.deepEqual(memory.recall("a", "call_1"), []);
  });

  it("keeps a thousand, and forgets the one that was not talked about the longest", () => {
    const memory = new ReasoningMemory();
    for (let index = 0; index < 1_000; index += 1) memory.remember("a", `call_${index}`, [item("rs")]);
    assert.equal(memory.recall("a", "call_0").length, 1);
    memory.remember("a", "call_1000", [item("rs")]);
    assert.equal(memory.recall("a", "call_0").length, 1);
    assert.equal(memory.recall("a", "call_1").length, 0);
    assert.equal(memory.recall("a", "call_1000").length, 1);
  });

  it("keeps no more than 16 million characters", () => {
    const memory = new ReasoningMemory();
    const half = 8 * 1024 * 1024;
    memory.remember("a", "1", [item("rs", half)]);
    memory.remember("a", "2", [item("rs", half)]);
    memory.remember("a", "2", [item("rs", half)]);
    assert.equal(memory.recall("a", "1").length, 1);
    memory.remember("a", "3", [item("rs", 1)]);
    assert.equal(memory.recall("a", "2").length, 0);
    assert.equal(memory.recall("a", "1").length, 1);
    memory.remember("a", "4", [item("rs", 2 * half + 1)]);
    assert.equal(memory.recall("a", "4").length, 0);
    assert.equal(memory.recall("a", "3").length, 1);
  });
});
