/** What modprobe.d says (modprobe.d(5), kmod 30). Module names have "_" for "-" here, as the kernel has them. */
export interface ModprobeConfig {
  readonly options: readonly { readonly module: string; readonly parameters: string }[];
  readonly softdeps: readonly {
    readonly module: string;
    readonly pre: readonly string[];
    readonly post: readonly string[];
  }[];
  readonly blacklist: ReadonlySet<string>;
  readonly aliases: readonly { readonly pattern: string; readonly module: string }[];
  readonly installs: ReadonlyMap<string, string>;
}

/** Reads the texts of the files in the order that modprobe reads them. Lines that it does not know are passed over. */
export function readModprobeConfig(texts: readonly string[]): ModprobeConfig {
  const options: ModprobeConfig["options"][number][] = [];
  const softdeps: ModprobeConfig["softdeps"][number][] = [];
  const blacklist = new Set<string>();
  const aliases: ModprobeConfig["aliases"][number][] = [];
  const installs = new Map<string, string>();
  for (const line of texts.flatMap((text) => text.replaceAll("\\\n", " ").split("\n"))) {
    const [, command = "", name = "", rest = ""] = /^\s*(\w+)\s+(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
    const module = moduleName(name);
    if (command === "options") options.push({ module, parameters: rest });
    else if (command === "softdep") softdeps.push({ module, ...readSoftdep(rest) });
    else if (command === "blacklist") blacklist.add(module);
    else if (command === "alias") aliases.push({ pattern: name, module: moduleName(rest) });
    else if (command === "install") installs.set(module, rest);
  }
  return { options, softdeps, blacklist, aliases, installs };
}

/** The name as the kernel has it: `_` for `-`. */
export function moduleName(text: string): string {
  return text.replaceAll("-", "_");
}

function readSoftdep(text: string): { pre: string[]; post: string[] } {
  const lists = { pre: [] as string[], post: [] as string[] };
  let list: string[] | undefined;
  for (const word of text.split(/\s+/)) {
    if (word === "pre:") list = lists.pre;
    else if (word === "post:") list = lists.post;
    else if (word !== "") list?.push(moduleName(word));
  }
  return lists;
}
