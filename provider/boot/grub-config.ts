/**
 * grub.cfg as it boots: which entries there are, what they give to Xen and to the kernel, and which of them is the
 * default. For reading alone: the file is generated (grub 2.12, util/grub.d). Arguments are compared as words, so
 * quotes do not matter here.
 */
import { keptByText } from "../kept-by-text";
import type { KernelLine } from "./kernel-line";
import { isMemoryTest, isRecovery, isXen } from "./legacy-grub";

/** An entry of grub.cfg: a `menuentry`, wherever its submenu stands. */
export interface GrubEntry {
  readonly title: string;
  /** `--id` or `$menuentry_id_option`. */
  readonly id: string | undefined;
  /** Titles of the submenus around it, and their ids. */
  readonly within: readonly { readonly title: string; readonly id: string | undefined; readonly index: number }[];
  /** Its place in the menu that it stands in. */
  readonly index: number;
  readonly boots: "xen" | "linux" | "other";
  /** Arguments without the file and without the word "placeholder" that Debian puts first. */
  readonly lines: Partial<Record<KernelLine, string>>;
}

/** A fleet has as many texts as hosts, and some more while they change. */
const MOST_KEPT = 300;

/** The entries in their order, those of submenus where the submenu stands. */
export const readGrubConfig = keptByText(MOST_KEPT, parseGrubConfig);

function parseGrubConfig(text: string): readonly GrubEntry[] {
  const entries: GrubEntry[] = [];
  const menus: { title: string; id: string | undefined; index: number; next: number }[] = [];
  let next = 0;
  let entry: { title: string; id: string | undefined; index: number; lines: [string, string][] } | undefined;
  const blocks: ("entry" | "menu" | "other")[] = [];
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    const head = /^(menuentry|submenu)\s+('[^']*'|"[^"]*"|\S+)(.*)$/.exec(line);
    if (head) {
      const title = (head[2] ?? "").replaceAll(/^['"]|['"]$/g, "");
      const id = /(?:\$\{?menuentry_id_option\}?|--id)[ =]('[^']*'|"[^"]*"|\S+)/.exec(head[3] ?? "")?.[1];
      const own = { title, id: id?.replaceAll(/^['"]|['"]$/g, "") };
      const menu = menus.at(-1);
      const index = menu ? menu.next++ : next++;
      if (head[1] === "submenu") {
        menus.push({ ...own, index, next: 0 });
        blocks.push("menu");
      } else {
        entry = { ...own, index, lines: [] };
        blocks.push("entry");
      }
    } else if (/^(?:function\s+\S+|\S*)\s*\{$/.test(line)) blocks.push("other");
    else if (line === "}") {
      const block = blocks.pop();
      if (block === "menu") menus.pop();
      if (block === "entry" && entry) {
        entries.push({ ...entryOf(entry), within: menus.map(({ title, id, index }) => ({ title, id, index })) });
        entry = undefined;
      }
    } else if (entry) {
      const command = /^(\S+)\s+(.*)$/.exec(line);
      if (command) entry.lines.push([command[1] ?? "", command[2] ?? ""]);
    }
  }
  return entries;
}

/**
 * The entry that boots when nobody chooses: `set default=` of 00_header with the variables of grubenv, by index, title
 * or id, each perhaps with its submenu before ">". Undefined where the file does not say it, and then GRUB takes the
 * first.
 */
export function defaultGrubEntry(text: string, environment: ReadonlyMap<string, string>): GrubEntry | undefined {
  const entries = readGrubConfig(text);
  const settings = [...text.matchAll(/^\s*set default="?([^"\n]*)"?\s*$/gm)].map((match) => match[1] ?? "");
  const chosen = (settings.filter((setting) => !setting.includes("next_entry")).at(-1) ?? "0").replaceAll(
    /\$\{?(\w+)\}?/g,
    (_, name: string) => environment.get(name) ?? "",
  );
  const path = (chosen === "" ? "0" : chosen).split(">");
  return entries.find((entry) => {
    const steps = [...entry.within, entry];
    return (
      steps.length === path.length &&
      steps.every((step, depth) => [String(step.index), step.title, step.id].includes(path[depth]))
    );
  });
}

/** The command lines of the entries that count: not those for recovery, and not those of other systems. */
export function grubConfigLines(text: string, line: KernelLine): readonly string[] {
  return readGrubConfig(text).flatMap((entry) =>
    isRecovery(entry.title) || isOtherSystem(entry) ? [] : (entry.lines[line] ?? []),
  );
}

/** os-prober finds them on the host's disks, and their arguments are theirs (grub 2.06, util/grub.d/30_os-prober.in). */
function isOtherSystem({ id }: GrubEntry): boolean {
  return id?.startsWith("osprober-") ?? false;
}

function entryOf({
  title,
  id,
  index,
  lines,
}: {
  title: string;
  id: string | undefined;
  index: number;
  lines: [string, string][];
}) {
  const wordsOf = (pattern: RegExp) => lines.find(([command]) => pattern.test(command))?.[1];
  const loaded = wordsOf(/^linux(?:16|efi)?$/);
  const linux = loaded === undefined || isMemoryTest(loaded) ? undefined : loaded;
  const xen = wordsOf(/^(?:multiboot2?|xen_hypervisor)$/);
  const dom0 = wordsOf(/^(?:module2?|xen_module)$/);
  const isXenEntry = xen !== undefined && isXen(xen);
  return {
    title,
    id,
    index,
    boots: isXenEntry ? ("xen" as const) : linux === undefined ? ("other" as const) : ("linux" as const),
    lines: {
      ...(linux === undefined ? {} : { linux: argumentsOf(linux) }),
      ...(isXenEntry ? { xen: argumentsOf(xen) } : {}),
      ...(isXenEntry && dom0 !== undefined ? { dom0: argumentsOf(dom0) } : {}),
    },
  };
}

/** Without options of the command, the file, "placeholder", and what GRUB adds for Xen's sake. */
function argumentsOf(command: string): string {
  return command
    .replace(/^(?:--\S+\s+)*\S+\s*/, "")
    .replace(/^placeholder(?:\s+|$)/, "")
    .replace(/\s*\$\{\w+\}$/, "");
}
