import { PassthroughError } from "../../provider/errors";
import { RebootTurns } from "../../provider/resources/reboot-turns";

/** Hosts that are rebooted when the test says so. */
function rebooting(mostAtOnce: number, hosts: readonly string[]) {
  const turns = new RebootTurns();
  const down: string[] = [];
  const waits: string[] = [];
  const ends = new Map<string, { readonly back: () => void; readonly fail: (error: Error) => void }>();
  const results = hosts.map((host) =>
    turns.take(
      host,
      mostAtOnce,
      () => waits.push(host),
      async () => {
        down.push(host);
        await new Promise<void>((back, fail) => ends.set(host, { back, fail }));
      },
    ),
  );
  const settled = Promise.allSettled(results);
  const end = async (host: string, error?: Error) => {
    if (error) ends.get(host)?.fail(error);
    else ends.get(host)?.back();
    await new Promise((done) => setImmediate(done));
  };
  return { down, waits, settled, end };
}

test("hosts go down one after the other, in the order in which they ask", async () => {
  const { down, waits, settled, end } = rebooting(1, ["xen1", "xen2", "xen3"]);
  await end("");
  expect([down, waits]).toEqual([["xen1"], ["xen2", "xen3"]]);
  await end("xen1");
  expect(down).toEqual(["xen1", "xen2"]);
  await end("xen2");
  await end("xen3");
  expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
});

test("or so many at once", async () => {
  const { down, waits, end } = rebooting(2, ["xen1", "xen2", "xen3"]);
  await end("");
  expect([down, waits]).toEqual([["xen1", "xen2"], ["xen3"]]);
  await end("xen2");
  expect(down).toEqual(["xen1", "xen2", "xen3"]);
});

test("after one that does not come back no other goes down", async () => {
  const { down, settled, end } = rebooting(1, ["xen1", "xen2"]);
  await end("");
  await end("xen1", new PassthroughError("xen1 does not answer"));
  const [, second] = await settled;
  expect(down).toEqual(["xen1"]);
  expect(second).toMatchObject({
    reason: {
      message: expect.stringMatching(/^Unable to reboot the host on xen2: the reboot of xen1 failed, and no other/),
    },
  });
});
