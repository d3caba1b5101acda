import { engineLog } from "./resources/engine-log";
import { createHosts } from "./resources/hosts";
import { defineResource } from "./resources/lifecycle";

// States written years ago load these by name (sdk/host-resource.ts): the names never change.
const surroundings = { hostFor: createHosts(), log: engineLog, env: process.env, waitingHosts: new Map() };

export const HiddenPciDevice = defineResource("HiddenPciDevice", surroundings);
export const AssignableDevice = defineResource("AssignableDevice", surroundings);
export const VmPciAttachment = defineResource("VmPciAttachment", surroundings);
export const SriovVirtualFunctions = defineResource("SriovVirtualFunctions", surroundings);
export const IommuBootParameters = defineResource("IommuBootParameters", surroundings);
export const HostReboot = defineResource("HostReboot", surroundings);
