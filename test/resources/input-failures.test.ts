import type { ResourceKind } from "../../provider/claims/claim-key";
import { checkInputs } from "../../provider/resources/check-inputs";
import { inOneLine } from "../../provider/resources/input-failures";

const DEVICE = { host: { address: "xen1" }, device: "04:00.0" };
const atHost = (host: object) => ({ ...DEVICE, host: { address: "xen1", ...host } });

const CASES: readonly (readonly [ResourceKind, object, string])[] = [
  ["AssignableDevice", { device: "04:00.0" }, "host is missing"],
  ["AssignableDevice", { ...DEVICE, host: {} }, "host.address is missing"],
  ["AssignableDevice", { ...DEVICE, host: 7 }, "host must be an object"],
  ["AssignableDevice", atHost({ port: "22" }), "host.port must be a number"],
  ["AssignableDevice", atHost({ port: 99999 }), "host.port must be at most 65535"],
  ["AssignableDevice", atHost({ port: 2.5 }), "host.port must be a whole number"],
  ["AssignableDevice", atHost({ toolstack: "kvm" }), 'host.toolstack must be "xl", "xapi", "libvirt" or "xm"'],
  ["AssignableDevice", atHost({ safety: { confirmSeconds: 1 } }), "host.safety.confirmSeconds must be at least 10"],
  ["AssignableDevice", { ...DEVICE, device: 4 }, "device must be a string"],
  ["AssignableDevice", { ...DEVICE, allow: ["claimed"] }, 'allow[0] "claimed" cannot be overridden'],
  ["AssignableDevice", { ...DEVICE, allow: ["ssh-rout"] }, 'allow[0] cannot be "ssh-rout": did you mean "ssh-route"?'],
  ["AssignableDevice", { ...DEVICE, allow: "ssh-route" }, "allow must be a list"],
  [
    "AssignableDevice",
    { ...DEVICE, expect: "8086:10d3" },
    'expect must be an object such as { id: "8086:10d3" }, or a list',
  ],
  [
    "AssignableDevice",
    { ...DEVICE, expect: [{ ids: "8086:10d3" }] },
    'expect[0]: there is no property "ids": did you mean "id"?',
  ],
  ["AssignableDevice", { ...DEVICE, group: "yes" }, "group must be true or false"],
  ["HiddenPciDevice", { ...DEVICE, mechanism: "grub2" }, 'mechanism cannot be "grub2": did you mean "grub"?'],
  ["HostReboot", { host: DEVICE.host, when: { toString: [] } }, 'when must be "pending", "always" or "never"'],
  ["HostReboot", { host: DEVICE.host, maxParallel: 0 }, "maxParallel must be 1 or more: the host itself counts"],
];

test.each(CASES)("%s %j: %s", (kind, inputs, said) => {
  expect(inOneLine(checkInputs(kind, { ...inputs }).failures)).toBe(said);
});
