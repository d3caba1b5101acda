import { randomBytes } from "node:crypto";
import type { CommandCall, CommandOutput, Commands } from "../machine";
import { eachFile, failed, isErrno, splitOptions, succeeded } from "./command";
import { readFile } from "./files";

/** Programs that count, copy and compare bytes (coreutils 9.1, diffutils 3.8). */
export const byteCommands: Commands = {
  cksum: (call) =>
    eachFile(
      call.args.length > 0 ? call.args : ["-"],
      (file) => {
        const text = file === "-" ? call.stdin : readFile(call, file);
        return `${crc(text)} ${text.length}${file === "-" ? "" : ` ${file}`}\n`;
      },
      (file, error) => `cksum: ${file}: ${error.text}`,
    ),
  wc: (call) => {
    const { options, words } = splitOptions(call.args);
    const columns = ["l", "w", "c"].filter(
      (column) => options.length === 0 || options.includes(column) || (column === "c" && options.includes("m")),
    );
    return eachFile(
      words.length > 0 ? words : ["-"],
      (file) => {
        const text = file === "-" ? call.stdin : readFile(call, file);
        const counts: Record<string, number> = {
          l: text.split("\n").length - 1,
          w: text.split(/\s+/).filter(Boolean).length,
          c: text.length,
        };
        const width = columns.length > 1 ? 7 : 0;
        return `${columns.map((column) => String(counts[column]).padStart(width)).join(" ")}${file === "-" ? "" : ` ${file}`}\n`;
      },
      (file, error) => `wc: ${file}: ${error.text}`,
    );
  },
  cmp: (call) => {
    const { options, words } = splitOptions(call.args);
    const [a = "-", b = "-"] = words;
    const read = (file: string) => (file === "-" ? call.stdin : readFile(call, file));
    try {
      const [left, right] = [read(a), read(b)];
      if (left === right) return succeeded();
      let position = 0;
      while (position < left.length && position < right.length && left[position] === right[position]) position++;
      if (options.includes("s")) return failed(1, "");
      if (position < left.length && position < right.length) {
        const line = left.slice(0, position).split("\n").length;
        return failed(1, "", `${a} ${b} differ: byte ${position + 1}, line ${line}\n`);
      }
      return failed(1, `cmp: EOF on ${left.length < right.length ? a : b} after byte ${position}\n`);
    } catch (error) {
      if (!isErrno(error)) throw error;
      return failed(2, `cmp: ${error.path}: ${error.text}\n`);
    }
  },
  dd: (call) => dd(call),
  sync: (call) => {
    const { words } = splitOptions(call.args);
    const { files } = call.machine;
    if (words.length === 0) files.syncAll();
    const flush = (file: string): string => {
      files.sync(call.path(file));
      return "";
    };
    return eachFile(words, flush, (file, error) => `sync: error opening '${file}': ${error.text}`);
  },
  mktemp: (call) => {
    const { options, words } = splitOptions(call.args);
    const folderAt = call.args.indexOf("-p");
    const folder = folderAt >= 0 ? (call.args[folderAt + 1] ?? "/tmp") : "/tmp";
    const given = words.find((word) => word !== folder || folderAt < 0);
    const template = given === undefined ? `${folder}/tmp.XXXXXXXXXX` : folderAt >= 0 ? `${folder}/${given}` : given;
    const name = template.replace(/X{3,}$/, (xs) => randomBytes(xs.length).toString("hex").slice(0, xs.length));
    try {
      const path = call.path(name);
      if (options.includes("d")) call.machine.files.mkdir(path, 0o700);
      else call.machine.files.open(path, { truncate: true, uid: call.session.uid, mode: 0o600 });
      return succeeded(`${name}\n`);
    } catch (error) {
      if (!isErrno(error)) throw error;
      const what = options.includes("d") ? "directory" : "file";
      return failed(1, `mktemp: failed to create ${what} via template '${template}': ${error.text}\n`);
    }
  },
};

function dd(call: CommandCall): CommandOutput {
  const operand = (name: string) => call.args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
  const from = operand("if");
  const to = operand("of");
  const conversions = operand("conv")?.split(",") ?? [];
  const keep = conversions.includes("notrunc");
  try {
    const whole = from === undefined ? call.stdin : readFile(call, from);
    const limit = operand("count") === undefined ? whole.length : Number(operand("count")) * blockSize(operand("bs"));
    const text = whole.slice(0, limit);
    if (to !== undefined && to !== "/dev/null") {
      const path = call.path(to);
      call.machine.files.open(path, { truncate: !keep, uid: call.session.uid });
      if (text !== "") {
        const rest = keep ? call.machine.files.read(path).slice(text.length) : "";
        call.machine.files.write(path, text + rest);
      }
      if (conversions.includes("fsync")) call.machine.files.sync(path);
    }
    const blocks = text === "" ? "0+0" : "0+1";
    const report = `${blocks} records in\n${blocks} records out\n${text.length} bytes copied, 0.000100 s, 1.0 MB/s\n`;
    return { stdout: to === undefined ? text : "", stderr: operand("status") === "none" ? "" : report, exitCode: 0 };
  } catch (error) {
    if (!isErrno(error)) throw error;
    const opening = error.code !== "ENOSPC" && error.code !== "EIO" && error.path !== undefined;
    const name = from !== undefined && error.path === call.path(from) ? from : (to ?? "standard output");
    return failed(
      1,
      opening ? `dd: failed to open '${name}': ${error.text}\n` : `dd: error writing '${name}': ${error.text}\n`,
    );
  }
}

function blockSize(text: string | undefined): number {
  const [, number = "512", unit = ""] = /^(\d+)([kKM]?)$/.exec(text ?? "") ?? [];
  return Number(number) * { "": 1, k: 1024, K: 1024, M: 1024 * 1024 }[unit as "" | "k" | "K" | "M"];
}

/** POSIX.1-2024, cksum: the bytes, then their number, low byte first. */
function crc(text: string): number {
  let sum = 0;
  const add = (byte: number) => {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  };
  for (let position = 0; position < text.length; position++) add(text.charCodeAt(position) & 0xff);
  for (let length = text.length; length > 0; length = Math.floor(length / 256)) add(length & 0xff);
  return ~sum >>> 0;
}
