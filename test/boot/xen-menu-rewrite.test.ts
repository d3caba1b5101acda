import { whyNotRewritten } from "../../provider/boot/xen-menu-rewrite";
import { XEN_MENUS } from "../xen-menus";

test.each(XEN_MENUS)("$name: refused where either release of python-libs would damage it", ({ menu, refused }) => {
  if (refused === undefined) expect(whyNotRewritten(menu, "XCP-ng")).toBeUndefined();
  else expect(whyNotRewritten(menu, "XCP-ng")).toContain(refused);
});

const ENTRY =
  "menuentry 'XCP-ng' {\n\tmultiboot2 /boot/xen.gz a\n\tmodule2 /boot/vmlinuz a\n\tmodule2 /boot/initrd\n}\n";
const DAMAGED: readonly (readonly [string, string, string])[] = [
  ["a submenu", `submenu 'More' {\n${ENTRY}}\n`, `does not understand the line "submenu 'More' {"`],
  ["an apostrophe in a title", ENTRY.replace("'XCP-ng'", `"Joe's"`), "does not understand the line"],
  ["a timeout that Python reads as ten and GRUB as eight", `set timeout=010\n${ENTRY}`, 'understand "set timeout=010"'],
  ["a default that is not there", `set default=3\n${ENTRY}`, 'understand "set default=3"'],
  ["a timeout inside a condition", `if [ -e x ]; then\nset timeout=5\nfi\n${ENTRY}`, "out of its condition"],
  [
    "a timeout behind a conditional one",
    `if x; then\n\tset timeout=9\nfi\nset timeout=5\n${ENTRY}`,
    "would move the line",
  ],
  ["a timeout inside an entry", ENTRY.replace("\tmultiboot2", "set timeout=5\n\tmultiboot2"), "out of its entry"],
  [
    "a graphical terminal",
    `terminal_output gfxterm\n${ENTRY}`,
    'would drop or shorten the line "terminal_output gfxterm"',
  ],
  [
    "a command behind the kernel",
    ENTRY.replace("\n}", "\n\tinsmod part_gpt\n}"),
    "Move it to the beginning of the entry",
  ],
  ["an entry that never ends", ENTRY.replace("}\n", ""), "does not understand the line"],
];
test.each(DAMAGED)("%s is refused", (_, menu, reason) => {
  expect(whyNotRewritten(menu, "XCP-ng")).toContain(reason);
});
