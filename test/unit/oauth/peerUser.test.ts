import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { isOthersSocket } from "../../../src/oauth/peerUser.ts";
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
`;

describe("The user at the other end of a loopback connection", () => {
  const isOthers = (from: number, to: number, ours: number | undefined = 1000) =>
    isOthersSocket(tcp + tcp6, from, to, ours);

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
    assert.equal(isOthers(40_002, 1455), false);
  });

  it("is not known where there is no table, or no such socket", () => {
    assert.equal(isOthersSocket("", 40_000, 1455, undefined), false);
    assert.equal(isOthers(1, 1455), false);
    assert.equal(isOthers(0, 0), false);
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
  });
});
