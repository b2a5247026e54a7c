import { MemorySecrets } from "../../test/support/memorySecrets.ts";

/** Like VS Code's, it answers in a later turn of the event loop; how long that takes is left out on both sides. */
export class LaterSecrets extends MemorySecrets {
  override async get(key: string) {
    await new Promise((resolve) => setImmediate(resolve));
    return super.get(key);
  }

  override async store(key: string, value: string) {
    await new Promise((resolve) => setImmediate(resolve));
    return super.store(key, value);
  }
}
