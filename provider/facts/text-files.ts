import type { TextFile } from "../boot/text-file";
import { posixChecksum } from "./checksum";

/**
 * Shell function that prints the files among its arguments for `readTextFiles`: three lines of head, then the text with
 * ">" before each line. A file that two globs match is printed once. Two programs read all files, and one follows each
 * symbolic link, because a host may have many files and start programs slowly.
 */
export const PRINT_FILES = `
print_files() {
  printed='
'
  links=
  for file in "$@"; do
    shift
    [ -f "$file" ] || continue
    case $printed in *"
$file
"*) continue ;; esac
    printed="$printed$file
"
    set -- "$@" "$file"
    [ ! -L "$file" ] || links="$links$file
$(readlink -f "$file")
"
  done
  [ $# -eq 0 ] || cksum "$@" | links=$links awk '
    BEGIN { count = split(ENVIRON["links"], line, "\\n"); for (i = 1; i < count; i += 2) target[line[i]] = line[i + 1] }
    {
      file = $0
      sub(/^[0-9]+ [0-9]+ /, "", file)
      print "file " file
      print $1 " " $2
      print ((file in target) ? target[file] : file)
      while ((getline text < file) > 0) print ">" text
      close(file)
      print ""
    }'
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
