import { toBytes } from "../bytes";
import { quote } from "../shell";
import type { Fact } from "./answers";
import { askTextFiles, readTextFiles, type TextFile } from "./text-files";

/** The VM configuration files that xl would start VMs from: `/etc/xen/*.cfg`, `/etc/xen/auto`, and those the program names. */
export function vmConfigsFact(named: readonly string[]): Fact<readonly TextFile[]> {
  return {
    name: "vm_configs",
    ask: askTextFiles("/etc/xen/*.cfg", "/etc/xen/auto/*", ...named.map((path) => quote(toBytes(path)))),
    parse: (answer) => {
      const byTarget = new Map<string, TextFile>();
      for (const file of readTextFiles(answer.text)) if (!byTarget.has(file.target)) byTarget.set(file.target, file);
      return [...byTarget.values()];
    },
  };
}
