/**
 * The kernel's own reading of its command line, told as it is done there, with an array of characters and NUL bytes
 * written into it (linux, lib/cmdline.c, next_arg, and kernel/params.c, parse_args, 6.x). The tests hold the project's
 * reading against it.
 */
export function kernelArguments(commandLine: string): [param: string, val: string | undefined][] {
  const all: [string, string | undefined][] = [];
  const args = [...commandLine, "\0"];
  let position = skipSpaces(args, 0);
  while (args[position] !== "\0") {
    const { param, val, next } = nextArg(args, position);
    position = next;
    if (val === undefined && param === "--") return all;
    all.push([param, val]);
  }
  return all;
}

function nextArg(args: string[], from: number) {
  let start = from;
  let inQuote = false;
  let quoted = false;
  if (args[start] === '"') {
    start++;
    inQuote = true;
    quoted = true;
  }
  let equals = 0;
  let i = 0;
  for (; args[start + i] !== "\0"; i++) {
    const character = args[start + i] ?? "\0";
    if (isSpace(character) && !inQuote) break;
    if (equals === 0 && character === "=") equals = i;
    if (character === '"') inQuote = !inQuote;
  }
  const ended = args[start + i] === "\0";
  let value: number | undefined;
  if (equals !== 0) {
    args[start + equals] = "\0";
    value = start + equals + 1;
    if (args[value] === '"') {
      value++;
      if (args[start + i - 1] === '"') args[start + i - 1] = "\0";
    }
  }
  if (quoted && i > 0 && args[start + i - 1] === '"') args[start + i - 1] = "\0";
  if (!ended) args[start + i] = "\0";
  const next = skipSpaces(args, ended ? start + i : start + i + 1);
  return { param: text(args, start), val: value === undefined ? undefined : text(args, value), next };
}

function text(args: readonly string[], from: number): string {
  const all = args.slice(from);
  return all.slice(0, all.indexOf("\0")).join("");
}

function skipSpaces(args: readonly string[], from: number): number {
  let position = from;
  while (isSpace(args[position] ?? "\0")) position++;
  return position;
}

function isSpace(character: string): boolean {
  return [" ", "\t", "\n", "\v", "\f", "\r", "\xa0"].includes(character);
}
