import type { Readable } from "node:stream";

/**
 * Calls back for each line of a UTF-8 stream, the last one also without its newline. A line longer than `limit`
 * bytes calls `onOverflow` and ends it; no more than that is ever kept.
 */
export function readLines(
  stream: Readable,
  limit: number,
  onLine: (line: string) => void,
  onOverflow: () => void,
): void {
  let pieces: Buffer[] = [];
  let length = 0;
  let over = false;
  const add = (piece: Buffer) => {
    pieces.push(piece);
    length += piece.length;
    if (length > limit) over = true;
  };
  const flush = () => {
    const line = Buffer.concat(pieces).toString("utf8").replace(/\r$/, "");
    pieces = [];
    length = 0;
    if (line.trim() !== "") onLine(line);
  };
  stream.on("data", (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0 && !over; end = chunk.indexOf(10, start)) {
      add(chunk.subarray(start, end));
      if (!over) flush();
      start = end + 1;
    }
    if (!over) add(chunk.subarray(start));
    if (over && pieces.length > 0) {
      pieces = [];
      onOverflow();
    }
  });
  stream.on("end", () => {
    if (!over) flush();
  });
}
