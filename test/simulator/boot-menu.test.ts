import { BootloaderError, formatBootMenu, readBootMenu } from "../../simulator/xapi/boot-menu";
import { XEN_MENUS } from "../xen-menus";

describe.each(XEN_MENUS)("$name", ({ menu, rewritten }) => {
  test.each(["2.3.4", "3.0.10"] as const)("is written as python-libs %s does it", (release) => {
    const expected = rewritten[release];
    const write = () => formatBootMenu(readBootMenu("/boot/grub/grub.cfg", menu, "XCP-ng", release));
    if (expected.kind === "text") expect(write()).toBe(expected.text);
    else expect(write).toThrow(new RegExp(`^${expected.error}: `));
  });
});

test("what cannot be read is an error of Python", () => {
  expect(() => readBootMenu("/boot/grub/grub.cfg", "set timeout=soon\n", "XCP-ng", "3.0.10")).toThrow(BootloaderError);
});
