import type { CommandCall, CommandOutput, Commands } from "../machine";
import { OPEN_INPUT } from "../shell-conversation";
import { failed, KILLED, splitOptions, succeeded } from "./command";
import { readFile } from "./files";

/** Programs about processes, users and locks. */
export const processCommands: Commands = {
  sh: (call) => shell(call),
  dash: (call) => shell(call),
  bash: (call) => shell(call),
  sudo: (call) => {
    const { words } = splitOptions(call.args);
    if (call.session.uid !== 0 && !call.session.sudo) {
      return failed(
        1,
        call.args.includes("-n")
          ? "sudo: a password is required\n"
          : "sudo: a terminal is required to read the password\n",
      );
    }
    return call.runAsRoot(words, call.stdin);
  },
  // What a signal would do needs signals: scripts here are never interrupted but by the power switch.
  trap: () => succeeded(),
  umask: ({ args: [mask], session }) => {
    if (mask === undefined) return succeeded(`0${session.umask.toString(8).padStart(3, "0")}\n`);
    session.umask = Number.parseInt(mask, 8);
    return succeeded();
  },
  ulimit: () => succeeded(),
  setsid: (call) => limited(call, call.args),
  // coreutils 9.1
  timeout: async (call) => {
    if (call.args[0] === "--help") {
      return succeeded(
        "  -k, --kill-after=DURATION\n\nGNU coreutils online help: <https://www.gnu.org/software/coreutils/>\n",
      );
    }
    const output = await limited(call, call.args.slice(call.args[0] === "-k" ? 3 : 1));
    return output.exitCode === KILLED ? { ...output, exitCode: 124 } : output;
  },
  /** `date -s @SECONDS` sets the clock, which no uptime goes by. */
  date: (call) => {
    const { args, machine } = call;
    const set = /^@(\d+)$/.exec(args[args.indexOf("-s") + 1] ?? "")?.[1];
    if (args.includes("-s") && set !== undefined) machine.clockAhead = Number(set) - Date.now() / 1000;
    if (machine.clockAhead === 0 || args.includes("-d")) return call.builtin(args);
    const options = args.includes("-s") ? [] : args;
    return call.builtin(["-d", `@${Math.floor(Date.now() / 1000 + machine.clockAhead)}`, ...options]);
  },
  nohup: (call) => call.run(call.args, call.stdin),
  kill: (call) => {
    const target = call.args.find((arg) => /^\d+$/.test(arg) && arg !== "0");
    const alive = [...call.machine.sessions].some((session) => String(session.pid) === target) || target === "1";
    return alive ? succeeded() : failed(1, `sh: 1: kill: No such process\n`);
  },
  id: (call) => {
    const { user, uid } = call.session;
    if (call.args.some((arg) => /^-\w*n/.test(arg))) return succeeded(`${user}\n`);
    if (call.args.some((arg) => /^-[ugG]/.test(arg))) return succeeded(`${uid}\n`);
    return succeeded(`uid=${uid}(${user}) gid=${uid}(${user}) groups=${uid}(${user})\n`);
  },
  whoami: (call) => succeeded(`${call.session.user}\n`),
  uname: (call) => {
    const { release, version } = call.machine.kernel.data;
    const host = call.machine.files.read("/etc/hostname").trim();
    const values: Record<string, string> = { s: "Linux", n: host, r: release, v: version, m: "x86_64", o: "GNU/Linux" };
    const { options } = splitOptions(call.args);
    const letters = options.includes("a") ? Object.keys(values) : options.length > 0 ? options : ["s"];
    const order = Object.keys(values).filter((letter) => letters.includes(letter));
    return succeeded(`${order.map((letter) => values[letter]).join(" ")}\n`);
  },
  hostname: (call) => succeeded(call.machine.files.read("/etc/hostname")),
  flock: (call) => flock(call),
};

function shell(call: CommandCall): Promise<CommandOutput> | CommandOutput {
  const [option = "", ...rest] = call.args.slice(call.args.findIndex((arg) => arg !== "-e" && arg !== "-u"));
  if (option === "-c") {
    const [script = "", , ...args] = rest;
    return call.runScript(script, args, call.stdin);
  }
  if (option === "" || option === "-s") {
    const input = call.session.conversation ? OPEN_INPUT : "";
    return call.runScript(call.stdin, rest[0] === "--" ? rest.slice(1) : rest, input);
  }
  if (!call.machine.files.exists(call.path(option)))
    return failed(2, `${call.name}: 0: cannot open ${option}: No such file\n`);
  return call.runScript(readFile(call, option), rest, call.stdin);
}

/** Runs a program that something kills when it takes too long. */
async function limited(call: CommandCall, words: readonly string[]): Promise<CommandOutput> {
  call.session.limits++;
  try {
    return await call.run(words, call.stdin);
  } finally {
    call.session.limits--;
  }
}

/** flock(1) of util-linux 2.38 on a descriptor, or on a file for as long as a command runs. */
async function flock(call: CommandCall): Promise<CommandOutput> {
  const { machine, session } = call;
  let place = 0;
  while (call.args[place]?.startsWith("-")) place += call.args[place] === "-w" ? 2 : 1;
  const options = call.args.slice(0, place);
  const [target = "", ...command] = call.args.slice(place);
  const noWait = options.includes("-n") || options.includes("--nonblock");
  const waitAt = options.indexOf("-w");
  const deadline = waitAt < 0 ? Number.POSITIVE_INFINITY : Date.now() + Number(options[waitAt + 1]) * 1000;
  const file = /^\d+$/.test(target) ? session.descriptors.get(Number(target)) : call.path(target);
  if (file === undefined) return failed(65, `flock: ${target}: Bad file descriptor\n`);
  if (options.includes("-u")) {
    machine.locks.delete(file);
    return succeeded();
  }
  while (machine.locks.has(file) && machine.locks.get(file) !== session.pid) {
    if (noWait || Date.now() > deadline || machine.powerOff.aborted) return failed(1, "");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  machine.locks.set(file, session.pid);
  if (command.length === 0) return succeeded();
  try {
    return await call.run(command[0] === "-c" ? ["sh", ...command] : command, call.stdin);
  } finally {
    machine.locks.delete(file);
  }
}
