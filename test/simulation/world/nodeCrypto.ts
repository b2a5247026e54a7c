// In place of `node:crypto` for the modules under test: what is random is the same for the same seed.
import * as crypto from "node:crypto";
import { playing } from "./playing.ts";

export const createHash = crypto.createHash;
export const timingSafeEqual = crypto.timingSafeEqual;

export function randomBytes(size: number): Buffer {
  const { world } = playing;
  if (!world) return crypto.randomBytes(size);
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) bytes[at] = Math.floor(world.random.next() * 256);
  return bytes;
}

/** A random UUID, version 4. */
export function randomUUID(): string {
  const hex = randomBytes(16).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
