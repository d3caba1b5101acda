import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { factsShell } from "../../provider/facts/answers";
import { posixChecksum } from "../../provider/facts/checksum";
import { PRINT_FILES, readTextFiles } from "../../provider/facts/text-files";
import { quote } from "../../provider/shell";
import { readAnswers } from "./read-answers";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "text-files-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const bytes = fc
  .array(
    fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 255 }) }, fc.constantFrom(10, 10, 13, 124, 62, 64, 61)),
  )
  .map((all) => String.fromCharCode(...all));

test("cksum prints the same number", () => {
  fc.assert(
    fc.property(bytes, (text) => {
      const { stdout } = spawnSync("cksum", { input: Buffer.from(text, "latin1"), encoding: "latin1" });
      expect(posixChecksum(text)).toBe(Number(stdout.split(" ")[0]));
    }),
    { numRuns: 50 },
  );
});

test.each([["sh"], ["bash"], ["dash"]])("files come back byte for byte through %s", (shell) => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 3 }), (texts) => {
      const files = texts.map((text, index) => {
        const file = path.join(folder, `it's ${index} $(x).cfg`);
        fs.writeFileSync(file, text, "latin1");
        return { path: file, target: file, text };
      });
      const fact = {
        name: "files",
        ask: `print_files ${files.map((file) => quote(file.path)).join(" ")}`,
        about: [],
        parse: () => undefined,
      };
      const script = `LC_ALL=C; export LC_ALL\n${PRINT_FILES}\n${factsShell([fact], { vmConfigPaths: [], libvirt: false })}\nfacts`;
      const { stdout } = spawnSync(shell, ["-s"], { input: script, encoding: "latin1" });
      expect(readTextFiles(readAnswers(`a banner\n${stdout}`).get("files")?.text ?? "")).toEqual(files);
    }),
    { numRuns: 25 },
  );
});
