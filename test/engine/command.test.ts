import { CommandError, formatDuration, runCommand } from "../../scripts/command.js";

const node = (text: string): Promise<string> => runCommand(process.execPath, ["-e", text]);

test("resolves to the standard output alone", async () => {
  expect(await node(`console.log("out"); console.error("err")`)).toBe("out\n");
});

const FOREVER = "setInterval(() => {}, 1000)";

test.each<[string, () => Promise<string>, RegExp]>([
  [
    "how it ended, the first lines and the last ones",
    () => node("for (let i = 1; i <= 99; i++) console.error('line ' + i); process.exit(3)"),
    /exit code 3:\nline 1\n(.*\n)+line 15\n {2}\(59 lines left out\)\nline 75\n(.*\n)+line 99$/,
  ],
  ["the signal that ended it", () => node(`process.kill(process.pid, "SIGKILL"); ${FOREVER}`), /ended with SIGKILL/],
  ["that there is no such program", () => runCommand("no-such-program", []), /unable to run `no-such-program`.*ENOENT/],
  [
    "that it took too long",
    () => runCommand(process.execPath, ["-e", FOREVER], { timeoutMs: 50 }),
    /ended with SIGTERM/,
  ],
])("a failure says %s", async (_, run, message) => {
  const failure = run();
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toBeInstanceOf(CommandError);
});

test("gives a sign of life every 15 s, with what was counted", async () => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
  try {
    const said: string[] = [];
    const run = runCommand("cat", ["/dev/null"], { say: (line) => said.push(line), counting: "packages" });
    jest.advanceTimersByTime(30_000);
    await run;
    expect(said).toEqual(["  … 15 s, 0 packages", "  … 30 s, 0 packages"]);
  } finally {
    jest.useRealTimers();
  }
});

test.each([
  [0, "0 s"],
  [59_400, "59 s"],
  [75_000, "1 min 15 s"],
])("%d ms is %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
