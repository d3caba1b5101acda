import { ConnectionError } from "../../provider/errors";
import type { Host, ScriptResult } from "../../provider/host/host";
import { awaitReboot } from "../../provider/resources/reboot-wait";

const STEP = { bootId: "boot-1", by: "init", askedBy: "a stack", timeoutSeconds: 1, maxParallel: 1 } as const;
const PACE = { askMs: 20, refusedMs: 100, tellMs: 100 };
const REFUSED = new ConnectionError("refused", "Unable to reach xen1: connection refused.\nIs it on?");

const said = (stdout: string, exitCode = 0, stderr = ""): ScriptResult => ({ stdout, stderr, exitCode });

/** Answers to each question; the last one again and again. */
async function reboot(...answers: readonly (ScriptResult | Error)[]): Promise<readonly string[]> {
  return rebootWithin(STEP.timeoutSeconds, ...answers);
}

async function rebootWithin(
  timeoutSeconds: number,
  ...answers: readonly (ScriptResult | Error)[]
): Promise<readonly string[]> {
  const left = [...answers];
  const host: Host = {
    name: "xen1",
    run: async () => {
      const answer = (left.length > 1 ? left.shift() : left[0]) as ScriptResult | Error;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const lines: string[] = [];
  await awaitReboot(
    { connect: async () => host, progress: (line) => lines.push(line) },
    { ...STEP, timeoutSeconds },
    PACE,
  );
  return lines;
}

test("it waits through the silence, the old boot and the rest of the new one", async () => {
  // A slow machine may take a while over six answers: a line in between would say so.
  const lines = await rebootWithin(
    60,
    said("boot boot-1\nready\n"),
    REFUSED,
    said("boot boot-2\n"),
    said("Last login\n"),
    said("boot boot-2\nready\n"),
  );
  const ends = lines.filter((line) => !/its boot is not complete|it does not answer/.test(line));
  expect(ends).toEqual(["it reboots, and has 60 s to come back", expect.stringMatching(/^it is back after \d+ s$/)]);
});

test("a login that is refused while the host boots is tried ever more rarely, so that nothing bans it", async () => {
  const rejected = new ConnectionError("credentials-rejected", "Unable to log in to xen1");
  let tries = 0;
  const connect = async () => {
    tries += 1;
    throw rejected;
  };
  await expect(awaitReboot({ connect, progress: () => {} }, STEP, PACE)).rejects.toThrow("Unable to log in to xen1");
  // After 20, 120, 320, 720 and 1520 ms.
  expect(tries).toBeLessThanOrEqual(5);
  expect(tries).toBeGreaterThanOrEqual(3);
});

const failures: readonly [string, (ScriptResult | Error)[], RegExp][] = [
  ["does not go down", [said("boot boot-1\nready\n")], /^it has not gone down after 1 s/],
  ["does not come back", [REFUSED], /^it does not answer \(Unable to reach xen1: connection refused\.\) after 1 s/],
  ["does not end its boot", [said("boot boot-2\n")], /^it is up, but its boot is not complete after 1 s/],
];
test.each(failures)("a host that %s: a clear error", async (_, answers, message) => {
  await expect(reboot(...answers)).rejects.toThrow(message);
});
