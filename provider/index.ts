import { assignableDevice } from "./resources/assignable-device";
import { engineLog } from "./resources/engine-log";
import { hiddenPciDevice } from "./resources/hidden-pci-device";
import { createHosts } from "./resources/hosts";
import { defineResource } from "./resources/lifecycle";
import { vmPciAttachment } from "./resources/vm-pci-attachment";

// States written years ago load these by name (sdk/provider-text.ts): the names never change.
const surroundings = { hostFor: createHosts(), log: engineLog, env: process.env };

export const HiddenPciDevice = defineResource(hiddenPciDevice, surroundings);
export const AssignableDevice = defineResource(assignableDevice, surroundings);
export const VmPciAttachment = defineResource(vmPciAttachment, surroundings);
