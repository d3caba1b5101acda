import type { TextFile } from "../boot/text-file";
import { posixChecksum } from "./checksum";

/**
 * Shell function that prints the files among its arguments for `readTextFiles`: three lines of head, then the text with
 * ">" before each line. A file that two globs match is printed once. It starts two commands for each file (three for a
 * symbolic link), because a host may have many files and start commands slowly.
 */
export const PRINT_FILES = `
print_files() {
  printed='
'
  for file in "$@"; do
    [ -f "$file" ] || continue
    case $printed in *"
$file
"*) continue ;; esac
    printed="$printed$file
"
    echo "file $file"
    cksum < "$file"
    if [ -L "$file" ]; then readlink -f "$file"; else echo "$file"; fi
    sed 's/^/>/' "$file"
    echo
  done
}`.trim();

/**
 * Reads what `print_files` printed; lines before the first file are ignored. A file that changed while it was read is
 * left out: an apply would refuse to edit it anyway.
 */
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
