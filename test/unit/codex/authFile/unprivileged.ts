/**
 * Runs an action without root's power to pass over permissions: as user 65534 where the tests run as root, as is
 * elsewhere.
 */
export async function unprivileged<T>(action: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return action();
  process.seteuid?.(65534);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
  }
}
