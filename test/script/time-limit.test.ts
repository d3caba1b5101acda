import { PROLOGUE } from "../../provider/script/prologue";
import { DirectoryHost, SHELLS } from "./directory-host";

let host: DirectoryHost;
beforeEach(() => {
  host = new DirectoryHost();
});
afterEach(() => host.remove());

const TIMEOUTS: readonly [string, string | undefined][] = [
  ["timeout of coreutils", undefined],
  ["timeout of an old busybox", `[ "$1" = -t ] || { echo "timeout: invalid option -- 'k'" >&2; exit 1; }; exit 1`],
  ["no timeout", "exit 127"],
];

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  describe.each(TIMEOUTS)("with %s", (_, timeout) => {
    beforeEach(() => timeout !== undefined && host.command("timeout", timeout));

    const run = (lines: string) => {
      const begun = Date.now();
      const { stdout, exitCode } = host.run(shell, `${PROLOGUE}\n${lines}\n`);
      return { stdout, exitCode, seconds: (Date.now() - begun) / 1000 };
    };

    test("a program that ends in time keeps its arguments, output and exit code, and nothing waits for the limit", () => {
      const { stdout, exitCode, seconds } = run(`limited 60 sh -c 'printf "<%s>" "$@"; exit 3' sh "a b" "" "it's"`);
      expect({ stdout, exitCode }).toEqual({ stdout: "<a b><><it's>", exitCode: 3 });
      expect(seconds).toBeLessThan(5);
    });

    test("one that does not is killed with its children, and the exit code is 124", () => {
      const { stdout, seconds } = run(`text=$(limited 1 sh -c 'sleep 9; echo late'); echo "$? $text"`);
      expect(stdout).toBe("124 \n");
      expect(seconds).toBeLessThan(5);
    });

    test("a daemon that it starts does not hold the lock", () => {
      const daemon = "sleep 20 > /dev/null 2>&1 < /dev/null &";
      const lines = [
        `exec 9> ${host.path("/lock")}`,
        "flock -n 9",
        `limited 60 sh -c '${daemon}'`,
        "exec 9>&-",
        // What watches the program may take a moment to begin, and closes the lock then.
        `flock -w 10 ${host.path("/lock")} echo free`,
      ];
      expect(run(lines.join("\n"))).toMatchObject({ stdout: "free\n" });
    });
  });
});

test("without setsid, as in some busybox, a program that does not end in time is killed all the same", () => {
  host.command("timeout", "exit 127");
  const lines = `limited 60 echo in time; limited 1 sleep 9; echo "$?"`;
  const script = `${PROLOGUE}\n${lines}\n`.replace("$(command -v setsid)", "");
  expect(host.run(["sh"], script).stdout).toBe("in time\n124\n");
});

test("a program that ignores the signal to end is killed too", () => {
  const loop = `limited 1 sh -c 'trap "" TERM; while :; do sleep 1; done'; echo "$?"`;
  expect(host.run(["sh"], `${PROLOGUE}\n${loop}\n`).stdout).toBe("124\n");
});
