/** Prints the output of programs that run at once one after the other, the first unfinished one live. */
export class Transcript {
  private readonly parts: { text: string; closed: boolean }[] = [];
  private current = 0;
  private readonly out: (text: string) => void;

  constructor(out: (text: string) => void) {
    this.out = out;
  }

  /** Adds a part at the end. Parts appear in the order in which they were added. */
  part(): { write(text: string): void; close(): void } {
    const part = { text: "", closed: false };
    this.parts.push(part);
    return {
      write: (text) => {
        part.text += text;
        this.flush();
      },
      close: () => {
        part.closed = true;
        this.flush();
      },
    };
  }

  private flush(): void {
    for (let part = this.parts[this.current]; part; part = this.parts[this.current]) {
      if (part.text) this.out(part.text);
      part.text = "";
      if (!part.closed) return;
      this.current += 1;
    }
  }
}
