import type { TextFile } from "../boot/text-file";
import { toBytes } from "../bytes";
import { quote } from "../shell";
import type { Fact } from "./answers";
import { askTextFiles, readTextFiles } from "./text-files";

/** The VM configuration files that xl would start VMs from: `/etc/xen/*.cfg`, `/etc/xen/auto`, and those the program names. */
export const vmConfigsFact: Fact<readonly TextFile[]> = {
  name: "vm_configs",
  // xm takes files of any name.
  ask: ({ vmConfigPaths }) => `
configs=/etc/xen/*.cfg
command -v xm >&2 && configs=/etc/xen/*
${askTextFiles("$configs", "/etc/xen/auto/*", ...vmConfigPaths.map((path) => quote(toBytes(path)))).trim()}`,
  parse: (answer) => {
    const byTarget = new Map<string, TextFile>();
    for (const file of readTextFiles(answer.text)) if (!byTarget.has(file.target)) byTarget.set(file.target, file);
    return [...byTarget.values()];
  },
};

/** Whether a file stands in /etc/xen that is no VM: what Xen and package managers put there, and its examples, which nobody starts. */
export function isNoVm({ path }: TextFile): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (/^x[ml]example|^README|\.(sxp|xml)$|~$|\.(rpmnew|rpmsave|rpmorig|dpkg-\w+|bak|orig)$/.test(name)) return true;
  return ["qemu-ifup", "xl.conf", "pciback.conf"].includes(name);
}
