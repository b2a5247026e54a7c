import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { connect, type Socket } from "node:net";
import { isOthersSocket } from "../../../src/oauth/peerUser.ts";
import { readSocketTable, socketRows } from "../../../src/platform/socketTable.ts";
import { statusOf, useCallbackServer } from "./callbackFixture.ts";

const header =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                      ";
/** Lines of /proc/net/tcp and of /proc/net/tcp6: a listener on 1455, and both ends of connections to it. */
const tcp = `${header}
   0: 0100007F:05AF 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 21 1 00000000c0 100 0 0 10 0
   1: 0100007F:05AF 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 22 1 00000000c1 20 4 30 10 -1
   2: 0100007F:9C40 0100007F:05AF 01 00000000:00000000 00:00000000 00000000  1001        0 23 1 00000000c2 20 4 30 10 -1
   3: 0100007F:9C40 0100007F:05B1 01 00000000:00000000 00:00000000 00000000  1002        0 24 1 00000000c3 20 4 30 10 -1
`;
const tcp6 = `${header}
   0: 0000000000000000FFFF00000100007F:9C41 0000000000000000FFFF00000100007F:05AF 01 00000000:00000000 00:00000000 00000000  1003        0 25 1 00000000c4 20 4 30 10 -1
   1: 00000000000000000000000001000000:9C42 00000000000000000000000001000000:05AF 01 00000000:00000000 00:00000000 00000000     0        0 26 1 00000000c5 20 4 30 10 -1
   2: 00000000000000000000000001000000:9C43 00000000000000000000000001000000:05AF 01 00000000:00000000 00:00000000 00000000  1003        0 27 1 00000000c6 20 4 30 10 -1
   3: 000080FE0000000000000000AB000000:9C44 00000000000000000000000001000000:05AF 01 00000000:00000000 00:00000000 00000000  1003        0 28 1 00000000c7 20 4 30 10 -1
   4: 0000000000000000FFFF00000200007F:9C45 0000000000000000FFFF00000100007F:05AF 01 00000000:00000000 00:00000000 00000000  1003        0 29 1 00000000c8 20 4 30 10 -1
`;

describe("The user at the other end of a loopback connection", () => {
  const rows = [...socketRows(tcp), ...socketRows(tcp6)];
  const isOthers = (from: number | undefined, to: number, ours = 1000, remote = "127.0.0.1", local = "127.0.0.1") => {
    const ends = { localAddress: local, localPort: to, remoteAddress: remote, remotePort: from };
    return isOthersSocket(rows, ends, ours);
  };

  it("is the one of the socket that leads from there to here", () => {
    assert.equal(isOthers(40_000, 1455), true);
    assert.equal(isOthers(40_000, 1455, 1001), false);
    assert.equal(isOthers(40_000, 1457, 1001), true);
    assert.equal(isOthers(40_000, 1457, 1002), false);
  });

  it("is found where an IPv4 address was reached by an IPv6 socket", () => {
    assert.equal(isOthers(40_001, 1455), true);
    assert.equal(isOthers(40_001, 1455, 1003), false);
  });

  it("may be root", () => {
    assert.equal(isOthers(40_002, 1455, 1000, "::1", "::1"), false);
  });

  it("is not the one of a socket of the same ports between other addresses", () => {
    assert.equal(isOthers(40_003, 1455, 1000, "::1", "::1"), true);
    assert.equal(isOthers(40_004, 1455, 1000, "fe80::ab%eth0", "::1"), true);
    for (const [remote, local] of [
      ["127.0.0.2", "127.0.0.1"],
      ["127.0.0.1", "127.0.0.2"],
      ["::1", "::1"],
    ]) {
      assert.equal(isOthers(40_000, 1455, 1000, remote, local), false);
      if (remote !== "::1") assert.equal(isOthers(40_003, 1455, 1000, remote, local), false);
    }
    assert.equal(isOthers(40_003, 1455), false);
    assert.equal(isOthers(40_005, 1455), false);
    assert.equal(isOthers(40_005, 1455, 1000, "127.0.0.2"), true);
  });

  it("is not known where there is no table, or no such socket", () => {
    assert.deepEqual(socketRows(""), []);
    assert.equal(isOthers(1, 1455), false);
    assert.equal(isOthers(undefined, 0), false);
  });

  describe("of a real one", () => {
    const fixture = useCallbackServer();
    const sockets: Socket[] = [];
    afterEach(() => {
      asOurselves();
      for (const socket of sockets.splice(0)) socket.destroy();
    });
    const { getuid } = process;
    const asOurselves = () => {
      Object.assign(process, { getuid });
      if (getuid?.() === 0) process.seteuid?.(0);
    };
    const ask = async (host: string, path: string) => {
      const socket = connect({ port: fixture.port, host });
      sockets.push(socket);
      let answer = "";
      socket.setEncoding("latin1").on("data", (part: string) => {
        answer += part;
      });
      await once(socket, "connect");
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${fixture.port}\r\n\r\n`);
      await once(socket, "end");
      return answer;
    };
    const page = { url: "https://auth.openai.com/oauth/authorize", signal: new AbortController().signal };

    it("is the person, who is sent to the page", async () => {
      const address = fixture.server.oneTimeAddress({ ...page, onUsed() {}, onUsedAgain: assert.fail });
      assert.equal(statusOf(await ask("127.0.0.1", new URL(address).pathname)), 302);
    });

    /** From here on, connections seem to be another user's. Only root can really take another id. */
    const asSomebodyElse = () => {
      const isRoot = process.getuid?.() === 0;
      if (isRoot) process.seteuid?.(65_534);
      process.getuid = () => (isRoot ? 1_000 : 1_000_000);
    };

    // Only Linux has these tables.
    for (const host of process.platform === "linux" ? ["127.0.0.1", "::1", "::ffff:127.0.0.1"] : []) {
      it(`is somebody else, who is refused and uses nothing up: ${host}`, async () => {
        let used = 0;
        const onUsed = () => {
          used += 1;
        };
        const address = fixture.server.oneTimeAddress({ ...page, onUsed, onUsedAgain: assert.fail });
        const { pathname } = new URL(address);
        asSomebodyElse();
        const answer = await ask(host, pathname);
        assert.equal(statusOf(answer), 403);
        assert.match(answer, /This sign-in belongs to another user of this computer/);
        assert.doesNotMatch(answer, /\r\nLocation:/);
        assert.equal(used, 0);
        assert.deepEqual(fixture.lines, ["Another user of this computer asked for the sign-in page and was refused"]);
        asOurselves();
        assert.equal(statusOf(await ask("127.0.0.1", pathname)), 302);
        assert.equal(used, 1);
      });
    }

    describe("where the table", () => {
      const { readFile } = fs;
      const replaceRead = (read: () => Promise<string>) => {
        Object.assign(fs, { readFile: read });
        syncBuiltinESMExports();
      };
      afterEach(() => replaceRead(readFile as never));
      let used: number;
      const create = () => {
        used = 0;
        const onUsed = () => {
          used += 1;
        };
        return new URL(fixture.server.oneTimeAddress({ ...page, onUsed, onUsedAgain() {} })).pathname;
      };
      /** Reads of a table that end when `finish` is called. */
      const holdReads = () => {
        const { promise, resolve } = Promise.withResolvers<string>();
        const begun = Promise.withResolvers<void>();
        const held = { count: 0, finish: () => resolve(""), begun: begun.promise };
        replaceRead(() => {
          held.count += 1;
          begun.resolve();
          return promise;
        });
        return held;
      };

      for (const code of ["EMFILE", "ENFILE", "ENOMEM", "EIO"]) {
        it(`cannot be read for the moment (${code}), is not known, and nobody is sent to the page`, async () => {
          const pathname = create();
          replaceRead(() => Promise.reject(Object.assign(new Error("canary"), { code })));
          const answer = await ask("127.0.0.1", pathname);
          assert.equal(statusOf(answer), 503);
          assert.match(answer, /VS Code couldn't check who opened this address/);
          assert.doesNotMatch(answer, /\r\nLocation:/);
          assert.equal(used, 0);
          assert.deepEqual(fixture.lines, [
            `Whose program asked for the sign-in page could not be found out: Error ${code}`,
          ]);
          replaceRead(readFile as never);
          assert.equal(statusOf(await ask("127.0.0.1", pathname)), 302);
        });
      }

      for (const code of ["ENOENT", "EACCES"]) {
        it(`is shown to nobody (${code}), is not known, and sent to the page`, async () => {
          const pathname = create();
          replaceRead(() => Promise.reject(Object.assign(new Error("canary"), { code })));
          assert.equal(statusOf(await ask("127.0.0.1", pathname)), 302);
        });
      }

      it("is not read for an address that leads nowhere", async () => {
        create();
        const held = holdReads();
        held.finish();
        assert.equal(statusOf(await ask("127.0.0.1", "/sign-in/x")), 410);
        assert.equal(held.count, 0);
      });

      it("is read once for those who come at once, and again for those who come during that", async () => {
        const held = holdReads();
        const first = Promise.all([readSocketTable(), readSocketTable()]);
        await held.begun;
        const later = Promise.all([readSocketTable(), readSocketTable(), readSocketTable()]);
        assert.equal(held.count, 2);
        held.finish();
        await Promise.all([first, later]);
        assert.equal(held.count, 4);
      });

      it("is read while the client goes away, uses nothing up", async () => {
        const pathname = create();
        const held = holdReads();
        const accepted = Promise.withResolvers<Socket>();
        const seen = (message: unknown) => accepted.resolve((message as { socket: Socket }).socket);
        subscribe("http.server.request.start", seen);
        const client = connect(fixture.port, "127.0.0.1");
        client.write(`GET ${pathname} HTTP/1.1\r\nHost: 127.0.0.1:${fixture.port}\r\n\r\n`);
        const socket = await accepted.promise;
        unsubscribe("http.server.request.start", seen);
        await held.begun;
        const closed = once(socket, "close");
        client.destroy();
        await closed;
        held.finish();
        await readSocketTable();
        assert.equal(used, 0);
        assert.equal(statusOf(await ask("127.0.0.1", pathname)), 302);
      });
    });
  });
});
