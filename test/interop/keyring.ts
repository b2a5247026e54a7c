import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { ensureDebianPackages } from "../../scripts/lib/toolchain.mjs";
import { startProcessTree } from "../support/cleanUp.ts";
import { eventually, patience } from "../support/timing.ts";

export interface Keyring {
  /** For the programs that use it. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * A session bus that starts no service by itself: asked for the keyring before ours has its name, it would start a
 * second one, locked, and the two would fight over the same files.
 */
const busConfig = (address: string) => `<busconfig>
  <type>session</type>
  <listen>${address}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;

/** Installs what `startKeyring` starts, where it is missing. */
export function ensureKeyring(): void {
  ensureDebianPackages({
    dbus: "/usr/bin/dbus-daemon",
    "gnome-keyring": "/usr/bin/gnome-keyring-daemon",
    "libglib2.0-bin": "/usr/bin/gdbus",
  });
}

/** Starts gnome-keyring, unlocked, on a separate D-Bus session, with its files in `folder`. */
export async function startKeyring(folder: string): Promise<Keyring> {
  ensureKeyring();
  const runtime = join(folder, "runtime");
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  const address = `unix:path=${join(runtime, "bus")}`;
  const environment = {
    HOME: folder,
    XDG_RUNTIME_DIR: runtime,
    XDG_DATA_HOME: join(folder, "data"),
    DBUS_SESSION_BUS_ADDRESS: address,
  };
  const env = { ...environment, PATH: process.env.PATH ?? "" };
  const config = join(folder, "bus.conf");
  await writeFile(config, busConfig(address));
  const bus = startProcessTree("dbus-daemon", [`--config-file=${config}`, "--nofork"], { env });
  const daemon = "printf secret | exec gnome-keyring-daemon --foreground --unlock --components=secrets";
  const keyring = startProcessTree("sh", ["-c", daemon], { env });
  const stop = async () => {
    await keyring.stop();
    await bus.stop();
  };
  try {
    await eventually(async () => {
      const call = [
        "call",
        "--session",
        "--timeout=10",
        "--dest",
        "org.freedesktop.secrets",
        "--object-path",
        "/org/freedesktop/secrets",
      ];
      const method = ["--method", "org.freedesktop.Secret.Service.ReadAlias", "default"];
      const probe = startProcessTree("gdbus", [...call, ...method], { env });
      const status = await probe.ended;
      await probe.stop();
      if (status !== 0 || !probe.output().includes("/collection/")) {
        throw new Error(`No keyring: ${probe.output()}\n${bus.output()}\n${keyring.output()}`);
      }
    }, patience);
    return { environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
