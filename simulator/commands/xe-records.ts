import type { CommandCall } from "../machine";
import type { XapiMachine } from "../xapi/database";
import { uuidFrom, type Xapi } from "../xapi/xapi";
import { mapText, type XeField, type XeRecord } from "./xe-print";

const NULL = "<not in database>";

/** A class of objects: its records, and what `<class>-list` shows and leaves out. */
export interface XeClass {
  readonly records: (call: CommandCall, xapi: Xapi) => readonly XeRecord[];
  readonly shown: readonly string[];
  readonly defaults: Readonly<Record<string, string>>;
}

const vm: XeClass = {
  records: (_, xapi) => xapi.machines.map((machine) => vmRecord(xapi, machine)),
  shown: ["uuid", "name-label", "power-state"],
  defaults: { "is-a-template": "false" },
};

/** xapi 1.60 and later, as far as the project and its tests ask. */
export const XE_CLASSES: Readonly<Record<string, XeClass>> = {
  vm,
  template: {
    ...vm,
    shown: ["uuid", "name-label", "name-description"],
    defaults: { "is-a-template": "true", "is-a-snapshot": "false" },
  },
  snapshot: { ...vm, shown: ["uuid", "name-label", "name-description"], defaults: { "is-a-snapshot": "true" } },
  host: {
    records: (_, xapi) =>
      xapi.data.hosts.map((host) => [
        readOnly("uuid", host.uuid),
        writable("name-label", host.name),
        writable("name-description", "Default install"),
        readOnly("enabled", String(host.uuid !== xapi.data.hostUuid || xapi.enabled)),
      ]),
    shown: ["uuid", "name-label", "name-description"],
    defaults: {},
  },
  pool: {
    records: (_, xapi) => [
      [
        readOnly("uuid", uuidFrom(`pool of ${xapi.data.hosts[0]?.uuid}`)),
        writable("name-label", ""),
        writable("name-description", ""),
        readOnly("master", xapi.data.hosts[0]?.uuid ?? ""),
        writable("default-SR", NULL),
        readOnly("ha-enabled", String(xapi.data.haEnabled)),
      ],
    ],
    shown: ["uuid", "name-label", "name-description", "master", "default-SR"],
    defaults: {},
  },
  pif: {
    records: (_, xapi) =>
      xapi.pifOfSriov.map((device) => [
        readOnly("uuid", uuidFrom(`pif ${device}`)),
        readOnly("device", device),
        readOnly("sriov-physical-PIF-of", uuidFrom(`sriov ${device}`)),
        readOnly("host-uuid", xapi.data.hostUuid),
      ]),
    shown: ["uuid", "device"],
    defaults: {},
  },
  vgpu: { records: () => [], shown: ["uuid"], defaults: {} },
};

/** Records of PCI devices came with xapi 24.14; 8.2 and older do not know the command. */
export const PCI_CLASS: XeClass = {
  records: (call, xapi) =>
    xapi.pciRecords.map(({ uuid, address }) => {
      const device = call.machine.kernel.bus.find(address);
      const [vendor = "", ...name] = (device?.label ?? "").replace(/^[^:]*: /, "").split(/(?<=Corporation|Inc\.|Ltd) /);
      return [
        readOnly("uuid", uuid),
        readOnly("vendor-name", vendor),
        readOnly("device-name", name.join(" ")),
        readOnly("driver-name", device?.driver?.name ?? ""),
        readOnly("host-uuid", xapi.data.hostUuid),
        readOnly("pci-id", address),
      ];
    }),
  shown: ["uuid", "vendor-name", "device-name", "pci-id"],
  defaults: {},
};

/** In the order of records.ml, vm_record. */
function vmRecord(xapi: Xapi, vm: XapiMachine): XeRecord {
  const snapshot = vm.kind === "snapshot";
  return [
    readOnly("uuid", vm.uuid),
    writable("name-label", vm.name, (value) => {
      vm.name = value;
    }),
    writable("name-description", ""),
    writable("is-a-template", String(snapshot || vm.kind === "template")),
    readOnly("is-a-snapshot", String(snapshot)),
    readOnly("snapshots", vm.snapshots.join("; ")),
    readOnly("is-control-domain", String(vm.kind === "control-domain")),
    readOnly("power-state", vm.powerState),
    readOnly("resident-on", vm.residentOn ?? NULL),
    writable("affinity", vm.affinity ?? NULL, (value) => {
      vm.affinity = value === "" ? undefined : value;
    }),
    { name: "other-config", access: "MRW", value: mapText(vm.otherConfig), map: vm.otherConfig },
    readOnly("dom-id", String(vm.domainId)),
    writable("ha-restart-priority", vm.haRestartPriority, (value) => {
      vm.haRestartPriority = value;
    }),
    readOnly("possible-hosts", xapi.data.hosts.length > 0 ? "<expensive field>" : ""),
  ];
}

function readOnly(name: string, value: string): XeField {
  return { name, access: "RO", value };
}

function writable(name: string, value: string, set: (value: string) => void = () => {}): XeField {
  return { name, access: "RW", value, set };
}
