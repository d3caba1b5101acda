import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimPath } from "../../provider/claims/claim-file";
import { connectionPool } from "../../provider/host/connection-pool";
import type { PciAddress } from "../../provider/pci/address";
import { Errno, type SimulatedHost } from "../../simulator";
import { startHostOf } from "../../simulator/simulated-host";
import { type Deployed, Deployment } from "../contract/deployment";
import { snapshot } from "../contract/test-host";
import { Random } from "../fuzz/mutation";
import { CARDS, CrowdedHost } from "./crowded-host";

/** What a race was like. */
export interface RaceReport {
  /** Changes that stacks made. */
  readonly made: number;
  /** How often a stack was refused the device that another one had. */
  readonly refused: number;
  /** How often a script got the lock, and how often of these it had to wait. */
  readonly locks: number;
  readonly waits: number;
  /** How many others at most got the lock before a script that waited. */
  readonly overtaken: number;
}

/**
 * A script that waits asks for the lock once a second, and who asks first after it is free gets it. With chance alone
 * one in a million million waits for more than 30 turns of each other stack.
 */
const MOST_OVERTAKEN = 30;

/** The device that all stacks want. */
const PRIZE = "0000:01:00.0";
const VM = "/etc/xen/web1.cfg";
/** What each stack may have: its card in the hide list and in the VM, and the device that all want. */
const THINGS = ["hidden", "attached", "prize"] as const;
type Thing = (typeof THINGS)[number];

const HIDE_LIST = "/etc/modprobe.d/pulumi-pci-passthrough.conf";

/**
 * Stacks change one host, each with a connection of its own, and with a provider of its own at each `pulumi up`. In each
 * round a stack changes its mind about its own card in the hide list and in the configuration of one VM, and takes the
 * one device that all want or gives it up. Throws when an entry is lost, when two stacks have the device, when a change
 * fails, when a stack waits without end, when none had to wait, and when the host is not as it was once all is destroyed.
 * The seed decides what stacks do and whose command is next; when a script begins depends on the machine too.
 */
export function race(stacks: number, rounds: number, seed: number): Promise<RaceReport> {
  return onOneHost(`${stacks} stacks, ${rounds} rounds`, stacks, seed, async (racers, { random, locksTaken }) => {
    await together(racers, rounds, (racer) => racer.up(random));
    await together(racers, 1, (racer) => racer.destroy());
    const overtaken = Math.max(...locksTaken.map((lock) => lock.overtaken));
    if (overtaken > MOST_OVERTAKEN * (stacks - 1)) throw new Error(`${overtaken} others got the lock before one stack`);
    const waits = locksTaken.filter(({ refused }) => refused > 0).length;
    if (waits === 0) throw new Error("no stack met another one");
    const sum = (count: (racer: Racer) => number) => racers.map(count).reduce((a, b) => a + b, 0);
    const changes = { made: sum(({ made }) => made), refused: sum(({ refused }) => refused) };
    return { ...changes, locks: locksTaken.length, waits, overtaken };
  });
}

/**
 * All stacks ask for the device at once. One gets it and gives it up again, and the others ask once more, until each had
 * it. Throws when not exactly one gets it, or another is not told who has it.
 */
export function contest(stacks: number, seed: number): Promise<void> {
  return onOneHost(`${stacks} stacks, one device`, stacks, seed, async (racers) => {
    for (let without = racers; without.length > 0; ) {
      await together(without, 1, (racer) => racer.turnAround(["prize"]));
      const owners = without.filter((racer) => racer.owns("prize"));
      if (owners.length !== 1) throw new Error(`${owners.length} of ${without.length} stacks got ${PRIZE}`);
      await together(owners, 1, (racer) => racer.destroy());
      without = without.filter((racer) => !owners.includes(racer));
    }
  });
}

/** Fails with what was tried and the seed, also when the host is not as it was in the end. */
async function onOneHost<T>(
  what: string,
  stacks: number,
  seed: number,
  act: (racers: readonly Racer[], crowd: CrowdedHost) => Promise<T>,
): Promise<T> {
  const crowd = new CrowdedHost(new Random(seed));
  const host = await startHostOf(crowd.profile, { name: "xen1" });
  const keys = mkdtempSync(join(tmpdir(), "race-"));
  try {
    const untouched = await everything(host);
    const racers = CARDS.slice(0, stacks).map((card, index) => {
      const identityFile = join(keys, `stack${index}`);
      copyFileSync(host.identityFile, identityFile); // equal logins would share a connection
      return new Racer({ ...host, identityFile }, `stack${index}`, card);
    });
    const done = await act(racers, crowd);
    const left = await everything(host);
    if (left !== untouched) throw new Error(`the host was\n${untouched}\nand is\n${left}`);
    return done;
  } catch (error) {
    throw new Error(`${what}, seed ${seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    await connectionPool.closeAll();
    await host.stop();
    rmSync(keys, { recursive: true });
  }
}

/** All of them at once, each as often as this; none begins another round once one has failed. */
async function together(racers: readonly Racer[], rounds: number, act: (racer: Racer) => Promise<void>): Promise<void> {
  let failed = false;
  const runs = racers.map(async (racer) => {
    for (let round = 0; round < rounds && !failed; round++)
      await act(racer).catch((error: unknown) => {
        failed = true;
        throw error;
      });
  });
  for (const run of await Promise.allSettled(runs)) if (run.status === "rejected") throw run.reason;
}

/** A stack: what it has on the host, and what its next `pulumi up` changes. */
class Racer {
  made = 0;
  refused = 0;
  private readonly has = new Map<Thing, Deployed>();

  constructor(
    private readonly host: SimulatedHost,
    private readonly stack: string,
    private readonly card: PciAddress,
  ) {}

  owns(thing: Thing): boolean {
    return this.has.has(thing);
  }

  /** Takes or gives up one to three things. */
  async up(random: Random): Promise<void> {
    const first = random.below(THINGS.length);
    const count = 1 + random.below(THINGS.length);
    await this.turnAround([...THINGS, ...THINGS].slice(first, first + count));
  }

  async destroy(): Promise<void> {
    await this.turnAround([...this.has.keys()]);
  }

  /** One `pulumi up` that gives up what the stack has of these and takes the others. */
  async turnAround(things: readonly Thing[]): Promise<void> {
    const run = new Deployment(this.host, this.stack);
    const changes = await Promise.allSettled(things.map((thing) => this.change(run, thing)));
    for (const change of changes) if (change.status === "rejected") throw change.reason;
    this.check();
  }

  private async change(run: Deployment, thing: Thing): Promise<void> {
    const had = this.has.get(thing);
    try {
      if (had) await run.delete(had);
      const has = had ? undefined : await this.take(run, thing);
      if (has) this.has.set(thing, has);
      else this.has.delete(thing);
      this.made++;
    } catch (error) {
      if (had || thing !== "prize" || !this.saysWhoHasIt((error as Error).message)) throw error;
      this.refused++;
    }
  }

  private take(run: Deployment, thing: Thing): Promise<Deployed> {
    if (thing === "hidden") return run.create("HiddenPciDevice", { device: this.card }, thing);
    if (thing === "attached") return run.create("VmPciAttachment", { device: this.card, vm: VM }, thing);
    return run.create("AssignableDevice", { device: PRIZE }, thing);
  }

  private saysWhoHasIt(message: string): boolean {
    const [, holder] = /the stack "(stack\d)" of the project "contract" manages it/.exec(message) ?? [];
    return holder !== undefined && holder !== this.stack;
  }

  /** Looks at the host, past the product. */
  private check(): void {
    this.expect("hidden", `${HIDE_LIST} names ${this.card}`, textOf(this.host, HIDE_LIST).includes(this.card));
    this.expect("attached", `${VM} names ${this.card}`, textOf(this.host, VM).includes(this.card));
    const holder = /"stack":"(stack\d)"/.exec(textOf(this.host, claimPath(`AssignableDevice/${PRIZE}`)))?.[1];
    this.expect("prize", `the claim of ${PRIZE} is that of ${this.stack}`, holder === this.stack);
  }

  private expect(thing: Thing, what: string, is: boolean): void {
    const should = this.has.has(thing);
    if (is !== should) throw new Error(`${this.stack}: that ${what} is ${is}, and should be ${should}`);
  }
}

function textOf(host: SimulatedHost, path: string): string {
  try {
    return host.readFile(path);
  } catch (error) {
    if (error instanceof Errno && error.code === "ENOENT") return "";
    throw error;
  }
}

/** What the stacks may have changed, byte for byte. The module pciback stays loaded once a device was on it. */
async function everything(host: SimulatedHost): Promise<string> {
  return (await snapshot(host)).replace(/^pciback$/m, "");
}
