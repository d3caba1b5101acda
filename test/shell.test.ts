import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { quote } from "../provider/shell";

/** Shells that hosts have as /bin/sh: dash on Debian, bash on RHEL and XenServer, busybox on Alpine. */
const SHELLS: readonly (readonly [string, ...string[]])[] = [
  ["sh"],
  ["dash"],
  ["bash"],
  ["bash", "--posix"],
  ["busybox", "sh"],
];
const isThere = ([command]: readonly [string, ...string[]]): boolean =>
  spawnSync(command, ["-c", ":"]).error === undefined;

// Characters are bytes, as in every script; what shells give a meaning comes more often than other bytes.
const hostile = fc.constantFrom(
  "'",
  "''",
  '"',
  "\\",
  "$",
  "$(",
  "`",
  "!",
  "\n",
  "\r",
  "\t",
  " ",
  "*",
  "?",
  "[",
  "~",
  "#",
  "-n",
  "--",
  "&&",
  ";",
  "{a,b}",
  "=",
  "\x1b",
  "\x7f",
  "\xff",
  "\xc3\xa9",
);
const byte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
const word = fc.array(fc.oneof(hostile, byte), { maxLength: 20 }).map((parts) => parts.join(""));

describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(" ") })))("$name", ({ shell }) => {
  const [command, ...options] = shell;
  const whenThere = isThere(shell) ? test : test.skip;

  function printBack(words: readonly string[]): readonly string[] {
    // One printf for each word, and a byte that no word can hold between them.
    const script = words.map((each) => `printf '%s' ${quote(each)}; printf '\\000'\n`).join("");
    const { stdout, stderr, status } = spawnSync(command, [...options, "-s"], {
      input: Buffer.from(script, "latin1"),
      env: { PATH: process.env.PATH, LC_ALL: "C" },
    });
    expect({ stderr: stderr.toString("latin1"), status }).toEqual({ stderr: "", status: 0 });
    return stdout.toString("latin1").split("\0").slice(0, -1);
  }

  whenThere("gives back every byte", () => {
    const bytes = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1));
    expect(printBack([...bytes, bytes.join(""), ""])).toEqual([...bytes, bytes.join(""), ""]);
  });

  whenThere("gives back any words", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 50 }), (words) => {
        expect(printBack(words)).toEqual(words);
      }),
      { numRuns: 30 },
    );
  });
});

test("a plain word stays readable", () => {
  expect(quote("0000:04:00.0")).toBe("0000:04:00.0");
  expect(quote("/sys/bus/pci/devices")).toBe("/sys/bus/pci/devices");
});

test("a NUL byte cannot be quoted", () => {
  expect(() => quote("a\0b")).toThrow(RangeError);
});
