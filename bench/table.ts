/** A measured ratio and its limit. */
export interface Row {
  what: string;
  ours: string;
  floor: string;
  /** Ours divided by the floor, or another limited value. */
  value: number;
  limit: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}

/** Prints the rows of one part; returns whether all limits hold. */
export function printRows(title: string, rows: readonly Row[]): boolean {
  process.stdout.write(`\n${title}\n`);
  for (const { what, ours, floor, value, limit } of rows) {
    const verdict = value <= limit ? "ok" : "MISSED";
    process.stdout.write(
      `  ${what.padEnd(44)} ours ${ours.padStart(10)}  ${floor.padEnd(36)} ${value.toFixed(2)} of at most ${limit}  ${verdict}\n`,
    );
  }
  return rows.every(({ value, limit }) => value <= limit);
}
