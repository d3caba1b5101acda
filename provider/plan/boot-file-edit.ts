import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import type { FileEdit } from "../steps/step";
import { othersHaveEntriesIn } from "./claim";

/** An edit of a file that holds entries of others too: the text before us is kept until our last entry has left it. */
export function bootFileEdit(
  facts: HostFacts,
  key: string,
  edit: Pick<FileEdit, "path" | "before" | "after">,
  hides: readonly PciAddress[],
  when: "keep" | "forget",
): FileEdit {
  const original = othersHaveEntriesIn(facts, key, edit.path) ? "leave" : when;
  return { kind: "edit-file", ...edit, hides, original };
}
