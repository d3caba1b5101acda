import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { readLeftResult } from "../../provider/script/apply-result";
import { confirmScript, readConfirmation, readConfirmRequest } from "../../provider/script/confirmation-script";
import { resultScript } from "../../provider/script/opening-script";
import { describeStep } from "../../provider/steps/steps";
import { EDIT, group, NIC, scriptOnTrial, TAKE } from "./apply-groups";
import { DirectoryHost, SHELLS } from "./directory-host";

const RUN = "/var/run/pulumi-pci-passthrough";
const TRIAL = `${RUN}/trial/run-1`;
const GROUPS = [group(EDIT), group(TAKE)];
/** xl, with a driver that takes the function again by itself. */
const XL = `
case $1 in
  pci-assignable-add) driver=pciback ;;
  pci-assignable-remove) [ ! -e "$ROOT/fail-remove" ] || { echo "libxl: error: failed to de-quarantine $2"; exit 1; }
    driver=e1000e ;;
  *) exit 0 ;;
esac
ln -sfn ../../drivers/$driver "$ROOT/sys/bus/pci/devices/$2/driver"`;
/** Of the connection that made the change, and of another. */
const [SAME, OTHER] = ["192.0.2.1 5 192.0.2.7 22", "192.0.2.1 6 192.0.2.7 22"];

/** An apply on trial that runs on a host of its own, in one shell. */
class RunningTrial {
  readonly host = new DirectoryHost();
  private readonly script = scriptOnTrial({ confirmSeconds: 2, taken: [NIC] }, ...GROUPS);
  private readonly ended: Promise<unknown>;
  private readonly group: number;

  constructor(
    private readonly shell: readonly string[],
    change: (rest: string) => string = (rest) => rest,
    prepare: (host: DirectoryHost) => void = () => {},
  ) {
    const { host, script } = this;
    prepare(host);
    host.write(EDIT.path, "before");
    host.command("xl", XL);
    fs.rmSync(host.path("/proc/uptime"));
    fs.symlinkSync("/proc/uptime", host.path("/proc/uptime"));
    const rest = change(script.rest).replace("/bin/sh -s", `${shell.join(" ")} -s`);
    const conversation = host.startConversation(shell, script.opening, rest);
    this.group = conversation.pid ?? 0;
    this.ended = new Promise((resolve) => conversation.once("close", resolve));
  }

  get stdout(): string {
    return this.host.read("/stdout") ?? "";
  }

  /** Until it has printed this, or the file is there. */
  async until(what: RegExp | string): Promise<void> {
    const has = () => (typeof what === "string" ? fs.existsSync(this.host.path(what)) : what.test(this.stdout));
    for (let tries = 0; !has() && tries < 1000; tries++) await delay(20);
    if (!has()) throw new Error(`${what} did not come: ${this.stdout}`);
  }

  confirm(route = OTHER, runId = "run-1") {
    return readConfirmation(this.host.run(this.shell, confirmScript(runId), route).stdout);
  }

  /** SIGKILL to the process whose id is there. */
  kill(pidFile: string): void {
    process.kill(Number(this.host.read(pidFile)), "SIGKILL");
  }

  /** SIGKILL to the script and all that is in its process group. */
  killGroup(): void {
    process.kill(-this.group, "SIGKILL");
  }

  /** What the apply printed, once it has ended. */
  async result() {
    await this.ended;
    const result = this.script.read(this.stdout);
    return "groups" in result ? result.groups : result.kind;
  }

  /** What the host kept of it, once its lock is free. */
  async left() {
    return readLeftResult(await this.host.printedBy(this.shell, resultScript("run-1")), "boot-1", GROUPS);
  }

  get isKept() {
    return this.host.driverOf(NIC) === "pciback" && this.host.read(EDIT.path) === "after";
  }
  get isTakenBack() {
    return this.host.driverOf(NIC) === "e1000e" && this.host.read(EDIT.path) === "before";
  }
  get isLocked() {
    return spawnSync("sh", ["-c", `flock -n ${this.host.path(`${RUN}/lock`)} true`]).status !== 0;
  }

  async remove() {
    await this.ended;
    this.host.remove();
  }
}

const UNCONFIRMED = [
  { kind: "unconfirmed", notUndone: [] },
  { kind: "unconfirmed", notUndone: [] },
];
const ASKS = /^@confirm 2$/m;
const SESSION = "0::/user.slice/user-0.slice/session-3.scope\n";
const pidOf = (trial: RunningTrial) => trial.host.read("/script")?.trim();
const noteScript = (rest: string) => rest.replace("perform_2_1() {", "perform_2_1() {\necho $$$$ > /var/../script");

/** In all shells at once, since each waits for seconds. */
function inShells(
  what: string,
  test_: (trial: RunningTrial) => Promise<void>,
  change?: (rest: string) => string,
  prepare?: (host: DirectoryHost) => void,
) {
  test(what, async () => {
    await Promise.all(
      SHELLS.map(async (shell) => {
        const trial = new RunningTrial(shell, change, prepare);
        try {
          await test_(trial);
        } finally {
          await trial.remove();
        }
      }),
    );
  });
}

inShells("a change that is confirmed over another connection is kept", async (trial) => {
  await trial.until(ASKS);
  expect(trial.confirm()).toBe("confirmed");
  expect(await trial.result()).toEqual([{ kind: "done" }, { kind: "done" }]);
  expect({ isKept: trial.isKept, isLocked: trial.isLocked }).toEqual({ isKept: true, isLocked: false });
  expect(trial.host.files().filter((file) => /\/trial\/|pci-passthrough-old/.test(file))).toEqual([]);
});

inShells("a change that nobody confirms is taken back, the last step first", async (trial) => {
  expect(await trial.result()).toEqual(UNCONFIRMED);
  expect({ isTakenBack: trial.isTakenBack, isLocked: trial.isLocked }).toEqual({ isTakenBack: true, isLocked: false });
  expect(trial.stdout).toMatch(/^@trial expired\n@group 2 unconfirmed\n@group 1 unconfirmed$/m);
  expect(trial.confirm()).toBe("over");
});

/** The facts are when they were read: on which driver the function was then. */
const DRIVER_AS_FACTS = `
facts_in_time() {
  has_driver ${NIC} ""
  echo "facts: $driver"
}`;
const tellDriver = (rest: string) => rest.replace("\nrun_all() {", () => `${DRIVER_AS_FACTS}\nrun_all() {`);

inShells(
  "what the host has is read while the confirmation is awaited, and told after it",
  async (trial) => {
    await trial.until(ASKS);
    await trial.until(`${TRIAL}/facts`);
    expect(trial.confirm()).toBe("confirmed");
    await trial.result();
    expect(trial.stdout).toMatch(/@apply end\nfacts: pciback\n$/);
  },
  tellDriver,
);

inShells(
  "and read once more where the change was taken back",
  async (trial) => {
    await trial.until(`${TRIAL}/facts`);
    await trial.result();
    expect(trial.stdout).toMatch(/@apply end\nfacts: e1000e\n$/);
  },
  tellDriver,
);

inShells("only another connection of the same run confirms, and only once the steps have ended", async (trial) => {
  await trial.until(ASKS);
  expect([trial.confirm(SAME), trial.confirm(OTHER, "run-2")]).toEqual(["same-connection", "over"]);
  fs.renameSync(trial.host.path(`${TRIAL}/ended`), trial.host.path(`${TRIAL}/running`));
  expect(trial.confirm()).toBe("too-early");
  fs.renameSync(trial.host.path(`${TRIAL}/running`), trial.host.path(`${TRIAL}/ended`));
  trial.host.write("/proc/sys/kernel/random/boot_id", "boot-2\n");
  expect(trial.confirm()).toBe("over");
  expect(await trial.result()).toEqual(UNCONFIRMED);
});

inShells(
  "a script that is killed in a step is taken back at once",
  async (trial) => {
    await trial.until("/in-a-step");
    trial.kill("/script");
    expect(await trial.left()).toMatchObject({ groups: UNCONFIRMED });
    expect({ isTakenBack: trial.isTakenBack, isLocked: trial.isLocked }).toEqual({
      isTakenBack: true,
      isLocked: false,
    });
  },
  (rest) =>
    rest.replace("perform_2_1() {", `perform_2_1() {\necho $$$$ > /var/../script; : > /var/../in-a-step; sleep 1`),
);

inShells(
  "a script that is killed while it waits is taken back in time",
  async (trial) => {
    await trial.until(ASKS);
    trial.kill("/script");
    expect(trial.isLocked).toBe(true);
    expect(await trial.left()).toMatchObject({ groups: UNCONFIRMED });
    expect(fs.existsSync(trial.host.path("/var/lib/pulumi-pci-passthrough"))).toBe(false);
    expect({ isTakenBack: trial.isTakenBack, isLocked: trial.isLocked }).toEqual({
      isTakenBack: true,
      isLocked: false,
    });
  },
  noteScript,
);

inShells(
  "with a dead watcher the script takes the change back itself",
  async (trial) => {
    await trial.until(ASKS);
    trial.kill(`${TRIAL}/watcher`);
    expect(await trial.result()).toEqual(UNCONFIRMED);
    expect(trial.isTakenBack).toBe(true);
  },
  (rest) => rest.replace("confirm_seconds + 10", "confirm_seconds + 1"),
);

inShells(
  "a script that is killed while it takes the change back itself is followed by the watcher",
  async (trial) => {
    await trial.until(ASKS);
    fs.renameSync(trial.host.path(`${TRIAL}/open`), trial.host.path(`${TRIAL}/late`));
    trial.kill("/script");
    expect(await trial.left()).toMatchObject({ groups: UNCONFIRMED });
    expect(trial.isTakenBack).toBe(true);
  },
  (rest) => noteScript(rest).replace('[ ! -e "$trial/confirmed" ] || return 0', "sleep 30"),
);

inShells(
  "where there is no setsid the watcher outlives the script, too",
  async (trial) => {
    await trial.until(ASKS);
    trial.kill("/script");
    expect(await trial.left()).toMatchObject({ groups: UNCONFIRMED });
    expect(trial.isTakenBack).toBe(true);
  },
  (rest) =>
    rest
      .replace("own_session=$(command -v setsid)", "own_session=")
      .replace("perform_2_1() {", "perform_2_1() {\necho $$$$ > /var/../script"),
);

inShells("an undo that fails is told, and the others are done all the same", async (trial) => {
  await trial.until(ASKS);
  trial.host.write("/fail-remove", "");
  trial.host.command("modprobe", "exit 1");
  const notUndone = [{ step: describeStep(TAKE), output: expect.stringContaining("failed to de-quarantine") }];
  expect(await trial.result()).toEqual([
    { kind: "unconfirmed", notUndone: [] },
    { kind: "unconfirmed", notUndone },
  ]);
  expect(trial.host.read(EDIT.path)).toBe("before");
});

/** From when it is taken back, the watcher can write to no file: setrlimit(2). */
const fullDisk = (rest: string) =>
  noteScript(rest).replace("take_back() {", "take_back() {\n! is_watcher || { trap '' 25; ulimit -f 0; }");

inShells(
  "on a full disk the old texts are there, from before the first step, and it is told what is left of the change",
  async (trial) => {
    await trial.until(ASKS);
    trial.host.write("/fail-remove", "");
    trial.host.command("modprobe", "exit 1");
    const groups = [
      { kind: "unconfirmed", notUndone: [] },
      { kind: "unconfirmed", notUndone: [{ step: describeStep(TAKE), output: "" }] },
    ];
    expect(await trial.result()).toEqual(groups);
    expect(trial.host.read(EDIT.path)).toBe("before");
    expect(trial.host.files().filter((file) => file.includes("pci-passthrough-old"))).toEqual([]);
  },
  fullDisk,
);

inShells(
  "and so it is where the script is killed",
  async (trial) => {
    await trial.until(ASKS);
    trial.host.write("/fail-remove", "");
    trial.host.command("modprobe", "exit 1");
    trial.kill("/script");
    expect(await trial.left()).toMatchObject({
      groups: [{ notUndone: [] }, { kind: "unconfirmed", notUndone: [{ step: describeStep(TAKE) }] }],
    });
  },
  fullDisk,
);

inShells(
  "what failed by itself waits for no confirmation when nothing is left of it",
  async (trial) => {
    const groups = await trial.result();
    expect(groups).toMatchObject([{ kind: "stale" }, { kind: "failed", notUndone: [] }]);
    expect(trial.stdout).not.toMatch(ASKS);
  },
  (rest) =>
    rest
      .replace("expect_group_1() {", "expect_group_1() {\nfalse || return")
      .replace("perform_2_1() {", "perform_2_1() {\nfalse || return"),
);

inShells(
  "nothing is done where the trial cannot be prepared",
  async (trial) => {
    const failed = { kind: "failed", step: "prepare the host to take the change back by itself", notUndone: [] };
    expect(await trial.result()).toMatchObject([failed, failed]);
    expect(trial.isTakenBack).toBe(true);
  },
  (rest) => rest.replace('"$trial/ssh" && true', '"$trial/missing/ssh" && true'),
);

inShells(
  "nothing is done where it cannot be noted that a step begins",
  async (trial) => {
    const failed = { kind: "failed", output: expect.stringContaining("missing/begun"), notUndone: [] };
    expect(await trial.result()).toMatchObject([
      { ...failed, step: describeStep(EDIT) },
      { ...failed, step: describeStep(TAKE) },
    ]);
    expect(trial.isTakenBack).toBe(true);
  },
  (rest) => rest.replace('"$trial/begun.$1.$step"', '"$trial/missing/begun.$1.$step"'),
);

inShells("sudo with use_pty, which kills the process group, does not reach the watcher", async (trial) => {
  await trial.until(ASKS);
  trial.killGroup();
  expect(await trial.left()).toMatchObject({ groups: UNCONFIRMED });
  expect(trial.isTakenBack).toBe(true);
});

/** loginctl 252 on a host with these settings; without any, logind does not answer. Its session 3 is of this user. */
const logind = (user: string, settings?: Readonly<Record<string, string>>) => (host: DirectoryHost) => {
  host.write("/proc/self/cgroup", SESSION);
  const properties = Object.entries({ Name: user, KillUserProcesses: "no", ...settings });
  const cases = properties.map(([name, value]) => `  ${name}) echo "${name}=${value}" ;;`);
  host.command("loginctl", settings ? `case $3 in\n${cases.join("\n")}\nesac` : "exit 1");
};

inShells(
  "what logind would kill with the session leaves it first",
  async (trial) => {
    await trial.until(ASKS);
    expect(trial.confirm()).toBe("confirmed");
    await trial.result();
    expect(trial.host.read("/sys/fs/cgroup/cgroup.procs")?.trim()).toBe(pidOf(trial));
  },
  noteScript,
  (host) => {
    logind("root", {})(host);
    host.write("/sys/fs/cgroup/cgroup.procs", "");
  },
);

inShells(
  "nothing is done where logind would kill the watcher, which cannot leave the session",
  async (trial) => {
    expect(await trial.result()).toMatchObject([
      {
        kind: "failed",
        step: expect.stringContaining("take the change back"),
        output: expect.stringContaining("logind kills what admin leaves running"),
      },
      { kind: "failed" },
    ]);
    expect(trial.isTakenBack).toBe(true);
  },
  undefined,
  logind("admin", { KillUserProcesses: "yes", KillExcludeUsers: "root" }),
);

for (const [what, prepare] of [
  ["names its user", logind("admin", { KillOnlyUsers: "guest admin" })],
  ["no longer spares root", logind("root", { KillUserProcesses: "yes", KillExcludeUsers: "admin" })],
  ["does not answer", logind("root")],
] as const)
  inShells(
    `nor where logind ${what}`,
    async (trial) => {
      expect(await trial.result()).toMatchObject([{ kind: "failed" }, { kind: "failed" }]);
    },
    undefined,
    prepare,
  );

for (const [what, prepare] of [
  ["kills nothing", logind("admin", { KillUserProcesses: "no" })],
  ["spares root, as it does unless told otherwise", logind("root", { KillUserProcesses: "yes" })],
  ["spares its user", logind("admin", { KillUserProcesses: "yes", KillExcludeUsers: "root admin" })],
  ["kills what others leave", logind("admin", { KillUserProcesses: "yes", KillOnlyUsers: "guest" })],
] as const)
  inShells(
    `it is done where logind ${what}`,
    async (trial) => {
      await trial.until(ASKS);
      expect(trial.confirm()).toBe("confirmed");
      expect(await trial.result()).toEqual([{ kind: "done" }, { kind: "done" }]);
    },
    undefined,
    prepare,
  );

test("exactly one of confirmation and expiry decides, at the same instant too", async () => {
  await Promise.all(
    SHELLS.flatMap((shell) =>
      [1850, 1950, 2050].map(async (wait) => {
        const trial = new RunningTrial(shell);
        try {
          await trial.until(ASKS);
          await delay(wait);
          const isConfirmed = trial.confirm() === "confirmed";
          const groups = await trial.result();
          expect(groups).toEqual(isConfirmed ? [{ kind: "done" }, { kind: "done" }] : UNCONFIRMED);
          expect({ isKept: trial.isKept, isTakenBack: trial.isTakenBack }).toEqual({
            isKept: isConfirmed,
            isTakenBack: !isConfirmed,
          });
        } finally {
          await trial.remove();
        }
      }),
    ),
  );
});

test("the line by which a script asks for its confirmation", () => {
  expect(["@confirm 60", "@confirm", "|@confirm 60"].map(readConfirmRequest)).toEqual([60, undefined, undefined]);
});
