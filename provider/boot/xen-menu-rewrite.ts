/**
 * What XenServer's `xen-cmdline` does to a boot menu besides the argument that it sets: it reads grub.cfg into a model
 * of its own and writes the file anew from that (python-libs, xcp/bootloader.py, readGrub2 and writeGrub2, 2.3.4 of
 * XCP-ng 8.2 and older, 3.0.10 of XCP-ng 8.3 and XenServer 8). What the model has no place for is lost or changed.
 */

interface Entry {
  readonly title: string;
  /** The commands, without comments and empty lines. */
  readonly commands: readonly string[];
}

interface Command {
  /** Without the blanks around it. */
  readonly text: string;
  readonly isIndented: boolean;
}

interface Menu {
  /** The lines that open something which xen-cmdline does not take for an entry, or writes with another title. */
  readonly oddHeads: readonly string[];
  readonly entries: readonly Entry[];
  /** The commands outside entries that have an entry behind them. */
  readonly between: readonly Command[];
  /** Those behind the last entry. */
  readonly behind: readonly Command[];
}

const HEAD = /^menuentry (?:'([^']*)'.*|"([^"'$\\`]*)"[^'"]*)\{$/;
const CONDITION = /^(?:if|elif|else|fi|for|while|until|do|done|case|esac|function)\b|\{$/;
const LOADS = /^(?:multiboot2|module2|xen_hypervisor|xen_module|linux|initrd)/;
const SEARCH = /^search --label --set root/;
const TO_THE_BEGINNING = /^(?:set (?:default|timeout)=|serial|terminal_)/;

/**
 * Why xen-cmdline would damage this grub.cfg, and what to do about it; undefined when it would not. `brand` is the
 * product's name, the title of the entry that xen-cmdline edits.
 */
export function whyNotRewritten(text: string, brand: string): string | undefined {
  const menu = readMenu(text);
  return (
    oddHead(menu) ??
    oddTimeout(menu) ??
    oddDefault(menu) ??
    oddConsole(menu) ??
    movedCommand(menu) ??
    lostCommand(menu) ??
    equalEntries(menu, brand) ??
    menu.entries.map(oddEntry).find((reason) => reason !== undefined)
  );
}

function oddHead({ oddHeads: [head] }: Menu): string | undefined {
  return head === undefined
    ? undefined
    : `xen-cmdline does not understand the line "${head}". Write each entry as menuentry 'title' {, without a submenu around it`;
}

function oddTimeout({ between }: Menu): string | undefined {
  const value = settings(between, "timeout").at(-1);
  if (value === undefined || /^(?:-?[1-9]\d*|0[1-7])$/.test(value)) return undefined;
  return value === "0"
    ? 'xen-cmdline would drop the line "set timeout=0", and GRUB without a timeout waits forever at its menu. Write set timeout=1'
    : `xen-cmdline and GRUB do not understand "set timeout=${value}" in the same way. Write a plain number of seconds`;
}

function oddDefault({ between, entries }: Menu): string | undefined {
  const value = settings(between, "default").at(-1);
  if (value === undefined || (/^(?:0|[1-9]\d*)$/.test(value) && Number(value) < entries.length)) return undefined;
  const title = /^(['"]?)([^'"$\\=]*)\1$/.exec(value)?.[2];
  if (title !== undefined && entries.some((entry) => entry.title === title)) return undefined;
  return `xen-cmdline and GRUB do not understand "set default=${value}" in the same way. Write the number of the entry, 0 for the first`;
}

function oddConsole({ between, entries }: Menu): string | undefined {
  const lines = [...between.map(({ text }) => text), ...entries.flatMap(({ commands }) => commands)];
  const lost = lines.find((line) =>
    line.startsWith("terminal_")
      ? !/^terminal_(?:input|output) serial console$/.test(line) ||
        !lines.some((command) => command.startsWith("serial "))
      : line.startsWith("serial") && !/^serial --unit=\d+ --speed=\d+$/.test(line),
  );
  return lost === undefined
    ? undefined
    : `xen-cmdline would drop or shorten the line "${lost}". Remove it, or use a serial line with only --unit and --speed`;
}

/** What xen-cmdline writes at the beginning of the file, wherever it stood. */
function movedCommand({ between, entries }: Menu): string | undefined {
  let depth = 0;
  const seen: string[] = [];
  for (const { text, isIndented } of between) {
    if (/^if\b/.test(text)) depth++;
    if (/^fi\b/.test(text)) depth--;
    const [moved] = TO_THE_BEGINNING.exec(text) ?? [];
    if (moved === undefined) continue;
    const stays = isIndented && moved.startsWith("set ");
    if (!stays && (depth > 0 || seen.includes(moved))) {
      return `xen-cmdline would move the line "${text}" to the beginning of the file, out of its condition or in front of another one. Move it there first`;
    }
    if (stays) seen.push(moved);
  }
  const inside = entries.flatMap(({ commands }) => commands).find((command) => TO_THE_BEGINNING.test(command));
  return inside === undefined
    ? undefined
    : `xen-cmdline would take the line "${inside}" out of its entry. Move it in front of the entries`;
}

function lostCommand({ behind: [command] }: Menu): string | undefined {
  return command === undefined
    ? undefined
    : `xen-cmdline would drop what follows the last entry, from "${command.text}" on. Move it in front of the entries, or remove it`;
}

function equalEntries({ entries }: Menu, brand: string): string | undefined {
  const first = new Map<string, string>();
  for (const { title } of entries) {
    const label = labelOf(title, brand);
    const other = label === undefined ? undefined : first.get(label);
    if (other !== undefined) {
      return `xen-cmdline treats the entries "${other}" and "${title}" as one, and would write the second in place of both. Rename or remove one of them`;
    }
    if (label !== undefined) first.set(label, title);
  }
  return undefined;
}

function oddEntry({ title, commands }: Entry): string | undefined {
  const its = `its entry "${title}"`;
  const condition = commands.find((command) => CONDITION.test(command));
  if (condition !== undefined) {
    return `${its} has the line "${condition}", and xen-cmdline would move what loads the kernel out of the condition. Remove the condition`;
  }
  const searches = commands.filter((command) => SEARCH.test(command));
  if (searches.length > 1 || searches.some((command) => command.split(/\s+/).length !== 5)) {
    return `${its} has the line "${searches.at(-1)}", of which xen-cmdline would keep only a part. Write one line: search --label --set root and the label`;
  }
  const loading = commands.filter((command) => LOADS.test(command));
  const words = loading.map((command) => command.split(/\s+/)[0] ?? "");
  if (words.length === 0) {
    return `${its} loads neither Xen nor a kernel, and the xen-cmdline of XCP-ng 8.3 and XenServer 8 would add "multiboot2 None None" to it, so that it no longer boots. Remove the entry`;
  }
  if (!/^(?:multiboot2( module2){0,2}|xen_hypervisor( xen_module){0,2}|linux( initrd)?)$/.test(words.join(" "))) {
    return `${its} has ${words.join(", ")}; xen-cmdline keeps multiboot2 and two module2, or linux and initrd, and would write a different entry. Remove the entry, or write it in that form`;
  }
  const order = commands.map((command) => (SEARCH.test(command) ? 1 : LOADS.test(command) ? 2 : 0));
  const moved = order.findIndex((place, index) => place < (order[index - 1] ?? 0));
  return moved === -1
    ? undefined
    : `${its} has the line "${commands[moved]}" where xen-cmdline would not leave it. Move it to the beginning of the entry`;
}

/** The values of unindented `set` commands: only those are xen-cmdline's. */
function settings(commands: readonly Command[], name: string): readonly string[] {
  const prefix = `set ${name}=`;
  return commands.flatMap(({ text, isIndented }) =>
    !isIndented && text.startsWith(prefix) ? [text.slice(prefix.length)] : [],
  );
}

/** create_label of both releases; undefined for an entry that gets a label of its own. */
function labelOf(title: string, brand: string): string | undefined {
  if (title === brand) return "xe";
  if (title.includes("(Trusted Boot)")) return title;
  if (title.endsWith("(Serial)")) return "xe-serial";
  if (title.endsWith("Safe Mode")) return "safe";
  if (title.endsWith("upgrade")) return "upgrade";
  if (title.includes(" / ")) return title.includes("(Serial,") ? "fallback-serial" : "fallback";
  return undefined;
}

function readMenu(text: string): Menu {
  const oddHeads: string[] = [];
  const entries: { title: string; commands: string[] }[] = [];
  const between: Command[] = [];
  let behind: Command[] = [];
  let isInside = false;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const head = HEAD.exec(line);
    if (/^(?:menuentry|submenu)\b/.test(line) && (!head || isInside)) oddHeads.push(line);
    else if (head) {
      entries.push({ title: head[1] ?? head[2] ?? "", commands: [] });
      between.push(...behind);
      behind = [];
      isInside = true;
    } else if (isInside && line === "}") isInside = false;
    else if (isInside) entries.at(-1)?.commands.push(line);
    else behind.push({ text: line, isIndented: raw.trimEnd() !== line });
  }
  if (isInside) oddHeads.push(`menuentry '${entries.at(-1)?.title}' {`);
  return { oddHeads, entries, between, behind };
}
