import { RUN_FOLDER } from "../../provider/claims/folders";
import { ConnectionError } from "../../provider/errors";
import type { Conversation, Host, ScriptOptions, ScriptResult } from "../../provider/host/host";
import { type CommandOutput, Machine, type Profile } from "../../simulator/machine";
import { runShell } from "../../simulator/shell";
import { OPEN_INPUT } from "../../simulator/shell-conversation";
import { answerFacts, FACTS_PROGRAM, withKnownFacts } from "./known-facts";

const ROOT = { user: "root", uid: 0, sudo: true };
/** The client's ports of the connection that all scripts share, and of another. */
const [SHARED_PORT, OTHER_PORT] = [40022, 40023];
const ENVIRONMENT = new Map([
  ["PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  ["HOME", "/root"],
  ["USER", "root"],
]);

/** A simulated host on which scripts run without SSH, since thousands of them run. */
export class MachineHost implements Host {
  readonly name = "simulated";
  readonly machine: Machine;
  /** How often it went down. */
  timesDown = 0;
  /** Whether the facts of a host that was seen before are asked once more. */
  asksAllFacts = false;
  private up: Promise<void> = Promise.resolve();

  constructor(profile: Profile) {
    const commands = { ...profile.commands, [FACTS_PROGRAM]: answerFacts };
    this.machine = new Machine({ ...profile, commands }, "host");
    this.machine.onReboot = () => void setTimeout(() => this.reboot(), 5);
    this.up = this.machine.booted;
  }

  /** Logs in, once it is up. */
  async connect(): Promise<Host> {
    await this.up;
    return this;
  }

  /** Logs in over a connection of its own. */
  async connectOnce(): Promise<Host> {
    await this.up;
    return { name: this.name, run: (script, options) => this.run(script, options, OTHER_PORT) };
  }

  reboot(): Promise<void> {
    return this.goDown(() => this.machine.reboot());
  }

  losePower(): Promise<void> {
    return this.goDown(() => this.machine.losePower());
  }

  private goDown(how: () => Promise<void>): Promise<void> {
    this.timesDown++;
    this.machine.faults.watch = undefined;
    this.up = how();
    return this.up;
  }

  /** Runs a command past the product, as an administrator does. */
  async exec(command: string): Promise<CommandOutput> {
    await this.up;
    const session = this.machine.login({ ...ROOT, cutConnection: () => {} });
    const run = { machine: this.machine, session, script: command, env: ENVIRONMENT, name: "bash" };
    return runShell(run).finally(() => this.machine.logout(session));
  }

  async run(
    text: string,
    { onLine, conversation }: ScriptOptions = {},
    clientPort = SHARED_PORT,
  ): Promise<ScriptResult> {
    const { machine } = this;
    const { clientAddress, sshAddress, sshPort } = machine.profile.network;
    const older = this.results();
    const script = this.asksAllFacts ? text : withKnownFacts(text);
    const args = [`${clientAddress} ${clientPort} ${sshAddress} ${sshPort}`];
    const timesDown = this.timesDown;
    const input = conversation && new MachineInput(conversation, onLine);
    let cut = () => {};
    const lost = new Promise<"lost">((resolve) => {
      cut = () => {
        input?.end("");
        resolve("lost");
      };
    });
    const { powerOff } = machine;
    powerOff.addEventListener("abort", cut);
    const session = machine.login({ ...ROOT, cutConnection: cut }, input);
    const stdin = input ? OPEN_INPUT : "";
    const ended = runShell({ machine, session, script, stdin, args, env: ENVIRONMENT, name: "sh" }).finally(() =>
      machine.logout(session),
    );
    const output = await Promise.race([ended, lost]);
    powerOff.removeEventListener("abort", cut);
    if (output === "lost" || this.timesDown > timesDown)
      throw new ConnectionError("cut", "Lost the connection to simulated while a script was running");
    if (input?.thrown) throw input.thrown.error;
    const printed = input?.printed ?? "";
    if (session.killed.aborted) return { stdout: printed + this.resultsBut(older), stderr: "", exitCode: null };
    if (!input) for (const line of output.stdout.split("\n")) onLine?.(line);
    return { ...output, stdout: printed + output.stdout };
  }

  /** What a killed script had printed: just-bash hands it over only at the end, but the file of its result has it. */
  private resultsBut(older: readonly string[]): string {
    const names = this.results().filter((name) => !older.includes(name));
    return names.map((name) => this.machine.files.read(`${RUN_FOLDER}/${name}`)).join("");
  }

  private results(): readonly string[] {
    const { files } = this.machine;
    return files.exists(RUN_FOLDER) ? files.list(RUN_FOLDER).filter((name) => name.startsWith("result-")) : [];
  }
}

/** The standard input of a script that converses, and what it has printed so far. */
class MachineInput {
  printed = "";
  thrown: { readonly error: unknown } | undefined;
  end: (rest: string) => void = () => {};
  readonly restOfInput = new Promise<string>((resolve) => {
    this.end = resolve;
  });

  constructor(
    private readonly conversation: Conversation,
    private readonly onLine: ScriptOptions["onLine"],
  ) {}

  /** Whole lines. */
  print(text: string): void {
    this.printed += text;
    for (const line of text.split("\n")) this.onLine?.(line);
    const { until, reply } = this.conversation;
    const start = `\n${text}`.lastIndexOf(`\n${until}\n`);
    if (start < 0) return;
    void this.answer(async () => reply(this.printed.slice(0, start - text.length)));
  }

  private async answer(reply: () => Promise<string>): Promise<void> {
    try {
      this.end(await reply());
    } catch (error) {
      this.thrown = { error };
      this.end("");
    }
  }
}
