import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { factsShell, readAnswers, UnreadableFactsError } from "../../provider/facts/answers";
import { readHostFacts } from "../../provider/facts/host-facts";
import { quote } from "../../provider/shell";

const recorded = fs.readFileSync(path.join(__dirname, "../recorded/debian12-xen4.17/facts.txt"), "latin1");

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "answers-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** Pieces that our own marks are made of, among any bytes that a file can hold. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom("@facts-begin\n", "@facts-end\n", "\n@facts-end\n", "\n=0\n", "|", "@x\n", "\r", "\n", ">", "="),
      fc.integer({ min: 1, max: 255 }).map((byte) => String.fromCharCode(byte)),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(""));

test("any answer comes back exactly, with the exit code of its last command", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(hostile, fc.integer({ min: 0, max: 125 })), { maxLength: 3 }), (said) => {
      const facts = said.map(([text, code], at) => {
        const file = path.join(folder, String(at));
        fs.writeFileSync(file, text, "latin1");
        return { name: `fact_${at}`, ask: `cat ${quote(file)}\nreturn ${code}`, parse: () => undefined };
      });
      const input = `LC_ALL=C; export LC_ALL\n${factsShell(facts, { vmConfigPaths: [], libvirt: false })}\nfacts\n`;
      const { stdout } = spawnSync("sh", ["-s"], { input, encoding: "latin1" });
      const answers = readAnswers(`a banner that names @facts-begin\n${stdout}and more\n`);
      expect([...answers.values()]).toEqual(said.map(([text, exitCode]) => ({ text, exitCode })));
    }),
    { numRuns: 60 },
  );
});

test("a recording with any line lost, doubled or damaged is read or refused, and nothing else", () => {
  const lines = recorded.split("\n");
  const damage = fc.constantFrom("lost", "doubled", "emptied", "damaged");
  fc.assert(
    fc.property(fc.nat(lines.length - 1), damage, hostile, (at, what, text) => {
      const line = lines[at] ?? "";
      const instead = { lost: [], doubled: [line, line], emptied: ["|"], damaged: [`|${text}`] }[what];
      const printed = [...lines.slice(0, at), ...instead, ...lines.slice(at + 1)].join("\n");
      try {
        readHostFacts(printed);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableFactsError);
      }
    }),
    { numRuns: 400 },
  );
});

test("an answer made of nothing but the marks of ours and noise never ends in another error", () => {
  const names = [...recorded.matchAll(/^@(\w+)$/gm)].map((match) => match[1] ?? "");
  fc.assert(
    fc.property(fc.array(hostile, { minLength: names.length, maxLength: names.length }), (texts) => {
      const answers = names.map((name, at) => `@${name}\n${`${texts[at]}\n=0`.replace(/(^|\n)/g, "$1|")}\n`);
      try {
        readHostFacts(`@facts-begin\n${answers.join("")}@facts-end\n`);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableFactsError);
      }
    }),
  );
});
