import { posixChecksum } from "./checksum";

/** One text file of the host, byte for byte (Latin-1 characters). */
export interface TextFile {
  /** As it was asked for; it may be a symbolic link. */
  readonly path: string;
  /** What the path leads to: this is what an edit replaces. */
  readonly target: string;
  readonly text: string;
}

/** Shell that prints files of the given globs or quoted paths, for `readTextFiles`. */
export function askTextFiles(...globs: readonly string[]): string {
  return `
for file in ${globs.join(" ")}; do
  [ -f "$file" ] || continue
  echo "file $(cksum < "$file" | sed 's/ .*//') $file"
  readlink -f "$file"
  { cat "$file"; echo; } | sed 's/^/>/'
done`;
}

/** Reads what `askTextFiles` printed. A file that changed while it was read is left out: the apply would refuse it anyway. */
export function readTextFiles(printed: string): readonly TextFile[] {
  return printed
    .split(/^file (?=\d+ \/)/m)
    .slice(1)
    .flatMap((section) => {
      const [head = "", target = "", ...lines] = section.replace(/\n$/, "").split("\n");
      const space = head.indexOf(" ");
      const body = lines.filter((line) => line.startsWith(">")).map((line) => line.slice(1));
      const text = body.join("\n");
      return posixChecksum(text) === Number(head.slice(0, space))
        ? [{ path: head.slice(space + 1), target, text }]
        : [];
    });
}
