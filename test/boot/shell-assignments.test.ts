import { spawnSync } from "node:child_process";
import fc from "fast-check";
import {
  EXPANSION,
  expandedValue,
  literalValue,
  readShellAssignments,
  type ShellAssignment,
  withLiteralValue,
} from "../../provider/boot/shell-assignments";

/** Pieces of values that the shell reads in its own way. */
const pieces = fc.oneof(
  fc.constantFrom(
    "quiet",
    '"a b"',
    "'a b'",
    "\\ ",
    "\\'",
    '"\\"$A\\\\"',
    "'\\'",
    "$A",
    '"$A"x',
    '"a\\b"',
    "''",
    '""',
    "a=b",
  ),
  fc.stringMatching(/^[a-z0-9=.,:/-]{1,6}$/),
);
const values = fc.array(pieces, { maxLength: 4 }).map((some) => some.join(""));
const files = fc.array(fc.tuple(fc.constantFrom("A", "B", "C"), values), { minLength: 1, maxLength: 5 });

describe("readShellAssignments", () => {
  test("finds what Debian's files hold, and knows what stands under a condition", () => {
    const text = `# A="no"
GRUB_DISTRIBUTOR=\`lsb_release -i -s 2> /dev/null || echo "De'bian"\`
export A="x"; B='y' # C=no
if [ "$X" = "1" ]; then
	C=$( \\
		printf "$(gettext "%s, with")" \\
		"$(gettext "D")")
fi
[ -e /x ] && D=1
E="\${A} z"`;
    expect(readShellAssignments(text).map((one) => [one.name, literalValue(one), one.conditional])).toEqual([
      ["GRUB_DISTRIBUTOR", EXPANSION, false],
      ["A", "x", false],
      ["B", "y", false],
      ["C", EXPANSION, true],
      ["D", "1", true],
      ["E", `${EXPANSION} z`, false],
    ]);
  });

  test("reads values as a real shell does", () => {
    const some = fc.sample(files, 300).map((file) => file.map(([name, value]) => `${name}=${value}\n`).join(""));
    const script = some.map((text) => `(A= B= C=\n${text}\nprintf '%s\\0' "$A" "$B" "$C")`).join("\n");
    const shell = spawnSync("sh", ["-c", script], { encoding: "latin1" });
    expect(shell.stderr).toBe("");
    const answers = shell.stdout.split("\0");
    for (const [at, text] of some.entries()) {
      const got = new Map<string, string>();
      for (const one of readShellAssignments(text))
        got.set(
          one.name,
          expandedValue(one, (name) => got.get(name) ?? ""),
        );
      expect([text, got.get("A") ?? "", got.get("B") ?? "", got.get("C") ?? ""]).toEqual([
        text,
        ...answers.slice(at * 3, at * 3 + 3),
      ]);
    }
  });
});

describe("withLiteralValue", () => {
  test.each([
    ['A="quiet"\n', "quiet x=(1)", 'A="quiet x=(1)"\n'],
    ["A='quiet'\n", "quiet x=(1)", "A='quiet x=(1)'\n"],
    ["A=quiet # c\n", "quiet x=(1)", "A=quiet\\ x=\\(1\\) # c\n"],
    ["A=\n", "x", "A=x\n"],
    ['A=""\n', "x", 'A="x"\n'],
    ['A="$B"\n', `${EXPANSION} x`, 'A="$B x"\n'],
    ["A=\"a $B\"' c'\n", `a ${EXPANSION} d c`, "A=\"a $B\"' d c'\n"],
  ])("writes into %j", (text, value, after) => {
    expect(withLiteralValue(text, only(text), value)).toBe(after);
  });

  test("what was added is what is taken out: the same bytes, and the shell's value between", () => {
    fc.assert(
      fc.property(values, fc.constantFrom("x", "x=(0000:04:00.0)", "a$b"), (value, word) => {
        const text = `A=${value} # comment\n`;
        const before = literalValue(only(text));
        const added = withLiteralValue(text, only(text), `${before} ${word}`);
        expect(added && literalValue(only(added))).toBe(`${before} ${word}`);
        expect(added && withLiteralValue(added, only(added), before)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});

function only(text: string): ShellAssignment {
  const [assignment] = readShellAssignments(text);
  if (!assignment) throw new Error(`no assignment in ${text}`);
  return assignment;
}
