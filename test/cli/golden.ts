import { readFileSync, writeFileSync } from "node:fs";

/** Compares a text with a file that is there to be read. UPDATE_GOLDEN=1 writes the file anew. */
export function expectGolden(file: string, text: string): void {
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
}
