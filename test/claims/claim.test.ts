import fc from "fast-check";
import { type Claim, formatClaim, parseClaim } from "../../provider/claims/claim";
import type { ClaimEntry } from "../../provider/claims/claim-entry";
import { addresses } from "../pci/arbitrary";

const text = fc.string({ unit: "grapheme" });
const address = addresses();
const additions = fc.record(
  { pci: fc.boolean(), newline: fc.boolean(), passthrough: fc.record({ value: text }) },
  { requiredKeys: ["pci", "newline"] },
);

const entries: fc.Arbitrary<ClaimEntry> = fc.oneof(
  fc.record({
    kind: fc.constant("hidden" as const),
    path: text,
    address,
    undo: fc.oneof(
      fc.record({ mechanism: fc.constantFrom("grub" as const, "initramfs" as const, "driver-override" as const) }),
      fc.record({ mechanism: fc.constant("modprobe" as const), module: text }),
      fc.record({ mechanism: fc.constant("xen-cmdline" as const), absent: fc.boolean() }),
    ),
  }) as fc.Arbitrary<ClaimEntry>,
  fc.record({ kind: fc.constant("vm-file" as const), path: text, address, undo: fc.record({ additions }) }),
  fc.record({ kind: fc.constant("xapi" as const), vm: text, item: text, undo: fc.record({ absent: fc.boolean() }) }),
  fc.record({ kind: fc.constant("libvirt-live" as const), address }),
);

const claims: fc.Arbitrary<Claim> = fc.record({
  version: fc.constant(2 as const),
  token: text,
  project: text,
  stack: text,
  label: text,
  functions: fc.array(fc.record({ address, id: text, subsystem: text, driver: fc.option(text) }), { maxLength: 3 }),
  entries: fc.array(entries, { maxLength: 3 }),
});

test("a claim comes back from its file as it was, and the file is ASCII", () => {
  fc.assert(
    fc.property(claims, (claim) => {
      const written = formatClaim(claim);
      expect(written).toMatch(/^[ -~]*\n$/);
      expect(parseClaim(written)).toEqual({ key: undefined, reading: { kind: "claim", claim } });
    }),
  );
});

const CLAIM = { version: 2, token: "t", project: "p", stack: "s", label: "l" };
test.each([
  ["a newer version's", { ...CLAIM, version: 3, functions: "other" }, { kind: "newer", version: 3 }],
  ["that of 0.1.0", { ...CLAIM, version: 1 }, { kind: "damaged", reason: "version: Invalid input: expected 2" }],
  [
    "one without a token",
    { ...CLAIM, token: undefined },
    { kind: "damaged", reason: expect.stringMatching(/^token: /) },
  ],
  [
    "one with an entry of an unknown kind",
    { ...CLAIM, entries: [{ kind: "magic" }] },
    { kind: "damaged", reason: expect.stringMatching(/^entries\[0\]\.kind: /) },
  ],
  [
    "one with an address that is none",
    { ...CLAIM, entries: [{ kind: "libvirt-live", address: "here" }] },
    { kind: "damaged", reason: 'entries[0].address: "here" is not a PCI address' },
  ],
])("%s is told apart from a claim", (_, json, reading) => {
  expect(parseClaim(JSON.stringify(json)).reading).toEqual(reading);
});

test("whatever stands in the file, it is read or named damaged", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (damaged) => {
      expect(["claim", "newer", "damaged"]).toContain(parseClaim(damaged).reading.kind);
    }),
  );
});
