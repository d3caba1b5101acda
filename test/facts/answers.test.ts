import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { factsShell, UnreadableFactsError } from "../../provider/facts/answers";
import { readHostFacts } from "../../provider/facts/host-facts";
import { quote } from "../../provider/shell";
import { framedAnswer, recordedAnswers } from "../recorded/recorded-facts";
import { readAnswers } from "./read-answers";

const recorded = recordedAnswers("debian12-xen4.17");

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
    fc.property(
      fc.array(fc.tuple(hostile, fc.integer({ min: 0, max: 125 })), { minLength: 1, maxLength: 3 }),
      (said) => {
        const facts = said.map(([text, code], index) => {
          const file = path.join(folder, String(index));
          fs.writeFileSync(file, text, "latin1");
          return {
            name: `fact_${index}`,
            ask: `cat ${quote(file)}\nreturn ${code}`,
            about: [],
            parse: () => undefined,
          };
        });
        const input = `LC_ALL=C; export LC_ALL\n${factsShell(facts, { vmConfigPaths: [], libvirt: false })}\nfacts\n`;
        const { stdout } = spawnSync("sh", ["-s"], { input, encoding: "latin1" });
        const answers = readAnswers(`a banner that names @facts-begin\n${stdout}and more\n`);
        expect([...answers.values()]).toEqual(said.map(([text, exitCode]) => ({ text, exitCode })));
      },
    ),
    { numRuns: 60 },
  );
});

describe("a recording that", () => {
  const begin = "@facts-begin\n".length;
  const end = recorded.indexOf("\n@facts-end\n") + 1;
  const span = fc
    .tuple(fc.integer({ min: begin, max: end - 1 }), fc.oneof(fc.integer({ min: 1, max: 80 }), fc.nat(recorded.length)))
    .map(([from, length]) => ({ from, to: Math.min(from + Math.max(length, 1), end) }));
  const line = fc.nat(recorded.slice(begin, end - 1).split("\n").length - 1).map((index) => {
    const lines = recorded.slice(begin, end - 1).split("\n");
    const from = begin + lines.slice(0, index).join("\n").length + (index > 0 ? 1 : 0);
    return { from, to: from + (lines[index] ?? "").length + 1 };
  });

  test("is whole is read", () => {
    expect(() => readHostFacts(recorded)).not.toThrow();
  });

  const damages: readonly [string, (where: { readonly from: number; readonly to: number }) => string][] = [
    ["lost", ({ from, to }) => recorded.slice(0, from) + recorded.slice(to)],
    ["has twice", ({ from, to }) => recorded.slice(0, to) + recorded.slice(from)],
    ["was cut off before", ({ from }) => recorded.slice(0, from)],
  ];
  test.each(damages)("%s any line or span of bytes is refused", (_, damage) => {
    fc.assert(
      fc.property(fc.oneof(line, span), (where) => {
        expect(() => readHostFacts(damage(where))).toThrow(UnreadableFactsError);
      }),
      { numRuns: 1000 },
    );
  });

  test("has other text in any line is read or refused, and nothing else", () => {
    fc.assert(
      fc.property(line, hostile, ({ from, to }, text) => {
        try {
          readHostFacts(`${recorded.slice(0, from)}|${text}\n${recorded.slice(to)}`);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableFactsError);
        }
      }),
      { numRuns: 400 },
    );
  });
});

test("an answer made of nothing but the marks of ours and noise never ends in another error", () => {
  const names = [...recorded.matchAll(/^@(\w+)$/gm)].map((match) => match[1] ?? "");
  fc.assert(
    fc.property(fc.array(hostile, { minLength: names.length, maxLength: names.length }), (texts) => {
      const answers = names.map((name, index) => framedAnswer(name, { text: texts[index] ?? "", exitCode: 0 }));
      try {
        readHostFacts(`@facts-begin\n${answers.join("")}@facts-end\n`);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableFactsError);
      }
    }),
  );
});

test("what a host says again is not parsed again, and what it says otherwise is", () => {
  const before = readHostFacts(recorded);
  const selinux = framedAnswer("selinux", { text: "Enforcing\n", exitCode: 0 });
  const after = readHostFacts(recorded.replace(/^@selinux\n[\s\S]*?^=selinux \d+\n/m, selinux));
  expect(after.files).toBe(before.files);
  expect(after.pciDevices).toBe(before.pciDevices);
  expect(after.selinux).not.toEqual(before.selinux);
});

test("an answer that lost a single newline is refused", () => {
  const answer = framedAnswer("x", { text: "a\nb", exitCode: 0 });
  expect(readAnswers(`@facts-begin\n${answer}@facts-end\n`).size).toBe(1);
  for (const [index, character] of [...answer].entries()) {
    if (character !== "\n") continue;
    const damaged = answer.slice(0, index) + answer.slice(index + 1);
    expect(() => readAnswers(`@facts-begin\n${damaged}@facts-end\n`)).toThrow(UnreadableFactsError);
  }
});
