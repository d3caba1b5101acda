import type { PciAddress } from "../pci/address";
import { editFile, type FileEdit } from "./file";
import type { Given, StepType } from "./step-type";

/** The configuration file of a VM of xl or xm gets a new text. */
export interface VmFileEdit extends Pick<FileEdit, "path" | "before" | "after" | "original"> {
  readonly kind: "edit-vm-file";
  readonly vm: Given["vm"];
  /** The functions that the VM gets at its next start because of this edit. */
  readonly gives: readonly PciAddress[];
  /**
   * Those that xl then takes from a driver of the host, because `seize` is on for them (libxl_pci.c, 4.5 and later).
   */
  readonly seizes: readonly PciAddress[];
}

const asFile = (step: VmFileEdit): FileEdit => ({ ...step, kind: "edit-file", hides: [] });

/** Edits the configuration file of a VM; assumes that it still has the text `before`. */
export const editVmFile: StepType<VmFileEdit> = {
  takes: ({ seizes }) => seizes.map((address) => ({ address, when: "vm-start", to: "pciback" })),
  moves: () => [],
  gives: ({ vm, gives }) => gives.map((address) => ({ address, vm, scope: "config" })),
  changes: ["files"],
  rewrites: (step) => editFile.rewrites(asFile(step)),
  after: (facts, step) => editFile.after(facts, asFile(step)),
  assumes: (step) => editFile.assumes(asFile(step)),
  perform: (step) => editFile.perform(asFile(step)),
  undo: (step) => editFile.undo(asFile(step)),
  functions: editFile.functions,
  describe: (step) => editFile.describe(asFile(step)),
};
