import { setTimeout as delay } from "node:timers/promises";
import { type PciAddress, parsePciAddress } from "../../provider/pci/address";
import type { PciFunctionData } from "../../simulator/kernel/pci-bus";
import type { Command, CommandCall, CommandOutput, Profile } from "../../simulator/machine";
import { debianXl } from "../../simulator/profiles/debian-xl";
import type { Random } from "../fuzz/mutation";
import { withPrograms } from "../simulator/wrapped-programs";

/** How one script got the host's lock. */
export interface LockTaken {
  /** How often the script asked in vain. */
  readonly refused: number;
  /** How many others got it between the first time that the script asked and the time that it got it. */
  readonly overtaken: number;
}

/** Eight network cards, one for each stack. */
export const CARDS = ["08", "09", "0a", "0b", "0c", "0d", "0e", "0f"].map((slot) => address(`0000:00:${slot}.0`));

/** A second of a script, in milliseconds. As commands take a hundredth of their time here, so does waiting. */
const SECOND_MS = 250;

/**
 * The kind of host for races: debian-xl with more network cards, where scripts take turns. Each command of a script waits
 * until it is drawn among those of all scripts, so that any command of others may come between two commands of one.
 * Without that a simulated script runs to its end in one go.
 */
export class CrowdedHost {
  readonly profile: Profile;
  readonly locksTaken: LockTaken[] = [];
  private readonly waiting: (() => void)[] = [];
  private readonly asking = new Map<number, { refused: number; readonly takenBefore: number }>();

  constructor(readonly random: Random) {
    const { kernel } = debianXl;
    const withCards = { ...debianXl, kernel: { ...kernel, pci: [...kernel.pci, ...CARDS.map(networkCard)] } };
    this.profile = withPrograms(withCards, (name, program) => async (call) => {
      await this.turn();
      if (name === "sleep") return sleep(call);
      return name === "flock" ? this.watchLock(call, program) : program(call);
    });
  }

  private turn(): Promise<void> {
    if (this.waiting.length === 0) setImmediate(() => this.draw());
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private draw(): void {
    const [drawn] = this.waiting.splice(this.random.below(this.waiting.length), 1);
    drawn?.();
    if (this.waiting.length > 0) setImmediate(() => this.draw());
  }

  private async watchLock(call: CommandCall, flock: Command) {
    const { pid } = call.session;
    const asked = this.asking.get(pid) ?? { refused: 0, takenBefore: this.locksTaken.length };
    this.asking.set(pid, asked);
    const output = await flock(call);
    if (call.args.includes("-u")) this.asking.delete(pid);
    else if (output.exitCode !== 0) asked.refused++;
    else this.locksTaken.push({ refused: asked.refused, overtaken: this.locksTaken.length - asked.takenBefore });
    return output;
  }
}

async function sleep({ args: [seconds] }: CommandCall): Promise<CommandOutput> {
  await delay(Number(seconds) * SECOND_MS);
  return { stdout: "", stderr: "", exitCode: 0 };
}

function address(text: string): PciAddress {
  const parsed = parsePciAddress(text);
  if (!parsed) throw new RangeError(`not a PCI address: ${text}`);
  return parsed;
}

function networkCard(address: PciAddress, index: number): PciFunctionData {
  const name = `eth${index}`;
  return {
    address,
    iommuGroup: 20 + index,
    id: "8086:10d3",
    subsystem: "8086:0000",
    class: "020000",
    label: "Ethernet controller: Intel Corporation 82574L Gigabit Network Connection",
    children: { e1000e: [{ path: `net/${name}`, class: "net", files: { operstate: "up\n" } }] },
  };
}
