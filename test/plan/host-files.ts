import type { TextFile } from "../../provider/boot/text-file";
import { bootFiles } from "../../provider/facts/boot";
import type { HostFacts } from "../../provider/facts/host-facts";
import { modprobeFiles } from "../../provider/facts/modprobe";

export function textFile(path: string, text: string): TextFile {
  return { path, target: path, text };
}

/** The facts of a host that has these files too, or with these texts. */
export function withFiles(facts: HostFacts, ...files: readonly TextFile[]): HostFacts {
  return replaced(facts, [], files);
}

/** The facts of a host that has these VM configurations and no others. */
export function withVmConfigs(facts: HostFacts, ...configs: readonly TextFile[]): HostFacts {
  const { files } = withFiles(facts, ...configs);
  return { ...facts, files: { ...files, vmConfigPaths: configs.map(({ path }) => path) } };
}

/** The facts of a host that has these boot files and no others. */
export function withBootFiles(facts: HostFacts, ...files: readonly TextFile[]): HostFacts {
  return replaced(facts, bootFiles(facts.files), files);
}

/** The facts of a host that has these files in modprobe.d and no others. */
export function withModprobeFiles(facts: HostFacts, ...files: readonly TextFile[]): HostFacts {
  return replaced(facts, modprobeFiles(facts.files), files);
}

function replaced(facts: HostFacts, removed: readonly TextFile[], added: readonly TextFile[]): HostFacts {
  const byPath = new Map(facts.files.byPath);
  for (const { path } of removed) byPath.delete(path);
  for (const file of added) byPath.set(file.path, file);
  return { ...facts, files: { ...facts.files, byPath } };
}
