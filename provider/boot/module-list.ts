/** Lists of modules that are loaded at boot, one a line: /etc/modules of Debian (modules(5)) and modules-load.d(5). */

/** Whether the list names the module; `-` and `_` are the same to the kernel. */
export function listsModule(text: string, module: string): boolean {
  return text.split("\n").some((line) => same(line.trim().split(/\s/)[0] ?? "", module));
}

/** The list with the module in it; the same when it is there. */
export function addModule(text: string | undefined, module: string): string {
  const before = text ?? "";
  if (listsModule(before, module)) return before;
  // In front of a last line without a newline, which not everything that reads such a list heeds.
  const end = before.lastIndexOf("\n") + 1;
  return `${before.slice(0, end)}${lineOf(module)}${before.slice(end)}`;
}

/** The list without the line that addModule wrote. */
export function removeModule(text: string, module: string): string {
  const start = `\n${text}`.lastIndexOf(`\n${lineOf(module)}`);
  return start < 0 ? text : text.slice(0, start) + text.slice(start + lineOf(module).length);
}

function lineOf(module: string): string {
  return `${module.replaceAll("-", "_")}\n`;
}

function same(a: string, b: string): boolean {
  return a.replaceAll("-", "_") === b.replaceAll("-", "_");
}
