import type { TextFile } from "../boot/text-file";
import type { Fact } from "./answers";
import { askTextFiles, readTextFiles } from "./text-files";

/** The files that say how modules are loaded; modprobe reads names that end in .conf only (modprobe.d(5)). */
export const modprobeFact: Fact<readonly TextFile[]> = {
  name: "modprobe",
  ask: askTextFiles("/etc/modprobe.d/*.conf"),
  parse: (answer) => readTextFiles(answer.text),
};
