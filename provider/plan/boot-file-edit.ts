import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import type { FileEdit } from "../steps/file";
import { originalOf } from "./claim";

/**
 * An edit of a file that others write to as well. The text before our first edit is kept until our last entry is
 * removed.
 */
export function bootFileEdit(
  facts: HostFacts,
  key: string,
  edit: Pick<FileEdit, "path" | "before" | "after">,
  hides: readonly PciAddress[],
  when: "keep" | "forget",
): FileEdit {
  return { kind: "edit-file", ...edit, hides, original: originalOf(facts, key, edit.path, when) };
}
