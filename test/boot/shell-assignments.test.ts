// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of a shell.
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { mayAssign, readShellFile, type ShellAssignment } from "../../provider/boot/shell-assignments";
import { EXPANSION, expandedValue, literalValue, withLiteralValue } from "../../provider/boot/shell-value";

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

describe("readShellFile", () => {
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
    expect(
      readShellFile(text).assignments.map((found) => [found.name, literalValue(found), found.conditional]),
    ).toEqual([
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
    for (const [index, text] of some.entries()) {
      const got = new Map<string, string>();
      for (const assignment of readShellFile(text).assignments) {
        const value = expandedValue(assignment, (name) => got.get(name) ?? "");
        got.set(assignment.name, value);
      }
      expect([text, got.get("A") ?? "", got.get("B") ?? "", got.get("C") ?? ""]).toEqual([
        text,
        ...answers.slice(index * 3, index * 3 + 3),
      ]);
    }
  });
});

describe("what a shell would do with A, as far as it can be known", () => {
  // "plain": the last assignment is read and counts; "unknown": it may be changed in a way that is not read.
  test.each([
    ["A=1", "plain"],
    ["A=1; B=2", "plain"],
    ["if true; then B=1; fi\nA=1", "plain"],
    ["case x in\n  a) if true; then B=1; fi ;;\n  b | c) B=2\nesac\nA=1", "plain"],
    ["f() {\n  B=1\n}\nA=1", "plain"],
    ["cat <<END\nB=2 it's\nEND\nA=1", "plain"],
    ['[ -n "$A" ] || echo "none: ${A:-nothing}"\nA=1', "plain"],
    ["A=1; export A", "plain"],
    ["B=$(echo it # isn't\n)\nA=1", "plain"],
    ['B=`echo "a b"`; A=1', "plain"],
    ["(B=1; true)\nA=1", "plain"],
    ["case x in a) A=1 ;; esac", "conditional"],
    ["case x in\na)\n  A=1\n  ;;\nesac", "conditional"],
    ["case x in\na) if true; then\n  B=1; fi\n  A=1\nesac", "conditional"],
    ["true &&\n  A=1", "conditional"],
    ["A=1 | cat", "conditional"],
    ["A=1 &", "conditional"],
    ["(\n  A=1\n)", "conditional"],
    ["f() {\n  A=1\n}\nf", "conditional"],
    ["cat <<END\nA=1\nEND", "unknown"],
    ["cat <<-'END'\n\tA=1\n\tEND", "unknown"],
    [": ${A:=x}", "unknown"],
    ["B=${A=x}", "unknown"],
    ["eval 'A'=1", "unknown"],
    ["if true; then eval $B; fi", "unknown"],
    [". /etc/other", "unknown"],
    ["B=1 source other", "unknown"],
    ["[ -e /x ] || exit 0", "unknown"],
    ["unset A", "unknown"],
    ['unset "$B"', "unknown"],
    ["export B=$A", "plain-or-unknown"],
    ["read A < /etc/x", "unknown"],
    ["readonly A=1", "unknown"],
    ["A=1 :", "unknown"],
    ["A=(1 2)", "unknown"],
    ["A[0]=1", "unknown"],
    ["for A in 1 2; do :; done", "unknown"],
    ["B=$((A=1))", "unknown"],
    ['B="it is never closed', "unknown"],
    ["B='never closed", "unknown"],
    ["B=$(never closed", "unknown"],
    ["B=`never closed", "unknown"],
    ["cat <<END\nnever ends", "unknown"],
    ["if true; then B=1", "unknown"],
    ["B=1; fi", "unknown"],
    ["B=1;; C=2", "unknown"],
  ])("%j: %s", (text, expected) => {
    const { assignments, code } = readShellFile(`${text}\n`);
    const last = assignments.filter(({ name }) => name === "A").at(-1);
    const found = code.some((piece) => mayAssign(piece, "A")) ? "unknown" : last?.conditional ? "conditional" : "plain";
    expect(expected.split("-or-")).toContain(found);
  });

  test("bash's $'…' counts as an expansion, since dash reads it differently", () => {
    expect(literalValue(only("A=$'a\\'b'c\n"))).toBe(`${EXPANSION}c`);
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

  test("the shell sees the added value, and the removal restores every byte", () => {
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
  const [assignment] = readShellFile(text).assignments;
  if (!assignment) throw new Error(`no assignment in ${text}`);
  return assignment;
}
