import fc from "fast-check";
import {
  type ClaimSubject,
  formatId,
  formatKey,
  parseId,
  parseKey,
  RESOURCE_KINDS,
} from "../../provider/claims/claim-key";
import { parsePciTarget } from "../../provider/pci/address";
import { addresses } from "../pci/arbitrary";

const kind = fc.constantFrom(...RESOURCE_KINDS);
const target = addresses().map((address) => parsePciTarget(address));
const name = fc.string({ minLength: 1, unit: "grapheme" });

const subjects: fc.Arbitrary<ClaimSubject> = fc.oneof(
  kind.map((kind) => ({ kind })),
  fc.record({ kind, target }),
  fc.record({ kind, target, vm: name }),
  fc.record({ kind, stack: fc.record({ project: name, stack: name }) }),
);

test("a key says what the claim is about, whatever VMs, projects and stacks are called", () => {
  fc.assert(
    fc.property(subjects, (subject) => {
      expect(parseKey(formatKey(subject))).toEqual(subject);
    }),
  );
});

test.each([
  ["AssignableDevice/0000:01:00.0", { kind: "AssignableDevice" }],
  ["VmPciAttachment/0000:01:00.0/a%20b", { kind: "VmPciAttachment", vm: "a b" }],
  ["HostReboot/infra.prod", { kind: "HostReboot", stack: { project: "infra", stack: "prod" } }],
])("%s", (key, subject) => {
  expect(parseKey(key)).toMatchObject(subject);
});

test.each(["", "Nothing/0000:01:00.0", "AssignableDevice/x", "VmPciAttachment/0000:01:00.0/%zz", "HostReboot/a.b/c"])(
  '"%s" is no key',
  (key) => {
    expect(parseKey(key)).toBeUndefined();
  },
);

test("text that is no key never throws", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => parseKey(text)).not.toThrow();
    }),
  );
});

test("an id is the machine's, and then the key's", () => {
  const key = "VmPciAttachment/0000:01:00.0/web";
  expect(parseId(formatId("0123", key))).toEqual({ machineId: "0123", key });
});
