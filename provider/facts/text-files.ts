import type { TextFile } from "../boot/text-file";
import { posixChecksum } from "./checksum";

/**
 * Shell that prints files of the given globs or quoted paths, for `readTextFiles`: three lines of head, then the text with ">" before
 * each line. Few commands for each file, since a host may have many files and start commands slowly.
 */
export function askTextFiles(...globs: readonly string[]): string {
  return `
for file in ${globs.join(" ")}; do
  [ -f "$file" ] || continue
  echo "file $file"
  cksum < "$file"
  if [ -L "$file" ]; then readlink -f "$file"; else echo "$file"; fi
  sed 's/^/>/' "$file"
  echo
done`;
}

/** Reads what `askTextFiles` printed. A file that changed while it was read is left out: the apply would refuse it anyway. */
export function readTextFiles(printed: string): readonly TextFile[] {
  return `\n${printed}`
    .split("\nfile ")
    .slice(1)
    .flatMap((section) => {
      const [path = "", sum = "", target = "", ...lines] = section.split("\n");
      const [checksum, size] = sum.split(" ").map(Number);
      const whole = lines.filter((line) => line.startsWith(">")).map((line) => `${line.slice(1)}\n`);
      const text = whole.join("").slice(0, size); // the last line may have no newline of its own
      return posixChecksum(text) === checksum ? [{ path, target, text }] : [];
    });
}
