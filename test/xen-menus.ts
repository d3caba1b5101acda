import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(__dirname, "xen-menus");

/** What python-libs makes of a boot menu. */
export type Rewritten =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "error"; readonly error: string };

/** One file of xen-menus: a boot menu, and what python-libs wrote when it read and wrote it. */
export interface XenMenuCase {
  readonly name: string;
  readonly menu: string;
  /** Why the provider leaves the menu alone; undefined when it does not. */
  readonly refused: string | undefined;
  readonly rewritten: Readonly<Record<"2.3.4" | "3.0.10", Rewritten>>;
}

/** All cases. Their texts were written by xcp/bootloader.py under Python 2.7 (2.3.4) and Python 3.6 (3.0.10). */
export const XEN_MENUS: readonly XenMenuCase[] = readdirSync(FOLDER).map((file) => {
  const [head = "", ...parts] = readFileSync(join(FOLDER, file), "latin1").split(/^(?===== )/m);
  const sections = parts.map((part) => /^==== (.*)\n([\s\S]*)$/.exec(part) ?? []);
  const rewritten = (release: string): Rewritten => {
    const [, title = "", text = ""] =
      sections.find(([, title = ""]) => title !== "menu" && title.includes(release)) ?? [];
    const error = / ends with (\w+)$/.exec(title)?.[1];
    return error === undefined ? { kind: "text", text } : { kind: "error", error };
  };
  return {
    name: file.replace(".txt", ""),
    menu: sections.find(([, title]) => title === "menu")?.[2] ?? "",
    refused: /^Refused: (.*)$/m.exec(head)?.[1],
    rewritten: { "2.3.4": rewritten("2.3.4"), "3.0.10": rewritten("3.0.10") },
  };
});
