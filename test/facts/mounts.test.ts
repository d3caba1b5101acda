import fc from "fast-check";
import { readMounts, unescapeField } from "../../provider/facts/mounts";

test("any mount point comes back as it was", () => {
  const mangled = (text: string) =>
    text.replaceAll(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."a0 \t\n\\147é".split("")) }), (text) => {
      expect(unescapeField(mangled(text))).toBe(text);
    }),
  );
});

test("optional fields before the hyphen may be many or none", () => {
  const line = (optional: string) =>
    `mount 36 35 98:0 /mnt1 /mnt2 rw,noatime ${optional}- ext3 /dev/root rw,errors=continue`;
  for (const optional of ["", "master:1 ", "shared:2 master:1 "]) {
    expect(readMounts([line(optional)])).toEqual([
      { number: "98:0", point: "/mnt2", type: "ext3", source: "/dev/root", options: "rw,errors=continue" },
    ]);
  }
});
