import { setTimeout as delay } from "node:timers/promises";
import { ConnectionError } from "../../provider/errors";
import type { HostFacts } from "../../provider/facts/host-facts";
import type { Host, ScriptOptions, ScriptResult } from "../../provider/host/host";
import type { Plan } from "../../provider/plan/plan";
import { AskedChanges } from "../../provider/resources/asked-changes";
import { NO_QUESTIONS } from "../../provider/resources/facts-cache";
import { ManagedHost } from "../../provider/resources/managed-host";
import { recordedAnswers, recordedFacts } from "../recorded/recorded-facts";
import { EMPTY_PLAN } from "./empty-plan";

const BOOT = "5fb6e9f0-5a9f-4ba0-aa5c-5b0f8a6f5a11";

const NIC = "0000:01:00.0";

/** Facts in which the subsystem of the NIC says what this host is like, in two digits: steps change what is about functions. */
const printed = (state: number) =>
  recordedAnswers("debian12-xen4.17").replace(
    `/${NIC}/subsystem_device:0x0000`,
    `/${NIC}/subsystem_device:0x00${state}`,
  );
const stateOf = ({ pciDevices }: HostFacts) =>
  Number([...pciDevices.values()].find(({ address }) => address === NIC)?.identity.subsystem.slice(-2));

const [TO_DO, DONE, VM_RUNS, NOTED] = [10, 11, 12, 13];

/** What the change of this test wants of a host in each state. */
const CHANGE = {
  label: "nic",
  purpose: "make 0000:01:00.0 assignable",
  device: "0000:01:00.0",
  safety: { confirm: "never", confirmSeconds: 60 } as const,
  progress: () => {},
  signal: undefined,
  plan: (facts: HostFacts): Plan => {
    switch (stateOf(facts)) {
      case DONE:
        return EMPTY_PLAN;
      case VM_RUNS:
        return { ...EMPTY_PLAN, refusals: [{ guard: "in-use-by-vm", message: 'the VM "web" has it' }] };
      default:
        return { ...EMPTY_PLAN, steps: [{ kind: "load-pciback" }] };
    }
  },
};

type Answer = (options: ScriptOptions) => ScriptResult | Error | Promise<ScriptResult | Error>;

const said = (stdout: string, exitCode: number | null = 0, stderr = ""): ScriptResult => ({ stdout, stderr, exitCode });
const cut = new ConnectionError("cut", "Lost the connection to xen1");

/** The host prints facts of this state, and this after it got the rest; it says what it got. */
const dialogue =
  (state: number, end: ((facts: string) => ScriptResult | Error) | undefined, after = DONE): Answer =>
  async ({ conversation }) => {
    const rest = (await conversation?.reply(printed(state))) ?? "";
    if (rest === "") return said(`${printed(state)}@apply waiting\n@apply called-off\n`, 1);
    return end?.(printed(after)) ?? new Error("nothing was to be sent");
  };
const ended =
  (...lines: string[]) =>
  (facts: string) =>
    said(
      `${printed(TO_DO)}@apply waiting\n@apply begin\n${lines.map((line) => `${line}\n`).join("")}@apply end\n${facts}`,
    );

/** All hosts of a run share one. */
const asked = new AskedChanges();

/** A host that answers scripts one after the other, and how many were run on it. */
function hostThat(...answers: Answer[]) {
  const scripts: string[] = [];
  const host: Host = {
    name: "xen1",
    run: async (script, options = {}) => {
      const answer = answers[scripts.length];
      scripts.push(script);
      if (!answer) throw new Error(`the test has no answer to script ${scripts.length}`);
      const result = await answer(options);
      if (result instanceof Error) throw result;
      return result;
    },
  };
  let now = 0;
  const managed = new ManagedHost(
    "xen1",
    async () => host,
    asked,
    () => now,
  );
  return {
    managed,
    scripts,
    wait: (ms: number) => {
      now += ms;
    },
  };
}

const factsOf =
  (state: number): Answer =>
  () =>
    said(printed(state));

describe("facts that are kept", () => {
  test("decide that there is nothing to do, for half a minute", async () => {
    const { managed, scripts } = hostThat(factsOf(DONE));
    await managed.facts("work", NO_QUESTIONS);
    expect(stateOf(await managed.apply(CHANGE))).toBe(DONE);
    expect(scripts).toHaveLength(1);
  });

  test("decide nothing when they are older: the host is asked under its lock, and not told anything", async () => {
    const { managed, scripts, wait } = hostThat(factsOf(DONE), dialogue(DONE, undefined));
    await managed.facts("work", NO_QUESTIONS);
    wait(30_001);
    expect(stateOf(await managed.apply(CHANGE))).toBe(DONE);
    expect(scripts).toHaveLength(2);
  });

  test("refuse nothing: what was in the way may be gone", async () => {
    const { managed } = hostThat(factsOf(VM_RUNS), dialogue(TO_DO, ended("@group 1 done")));
    await managed.facts("work", NO_QUESTIONS);
    expect(stateOf(await managed.apply(CHANGE))).toBe(DONE);
  });
});

describe("facts for a change that is to come", () => {
  test("are what it is made on: the host is asked once", async () => {
    const { managed, scripts } = hostThat(dialogue(TO_DO, ended("@group 1 done")));
    expect(stateOf(await managed.facts("change", NO_QUESTIONS))).toBe(TO_DO);
    expect(stateOf(await managed.apply(CHANGE))).toBe(DONE);
    expect(scripts).toHaveLength(1);
  });

  test("keep no lock for long: one that comes late has a dialogue of its own", async () => {
    const { managed, scripts } = hostThat(dialogue(TO_DO, undefined), dialogue(TO_DO, ended("@group 1 done")));
    await managed.facts("change", NO_QUESTIONS);
    await delay(2000);
    expect(stateOf(await managed.apply(CHANGE))).toBe(DONE);
    expect(scripts).toHaveLength(2);
  });

  test("do for nothing that they do not answer: a change that asks more has a dialogue of its own", async () => {
    const { managed, scripts } = hostThat(
      dialogue(TO_DO, undefined),
      factsOf(TO_DO),
      dialogue(TO_DO, ended("@group 1 done")),
    );
    await managed.facts("change", NO_QUESTIONS);
    const asked = managed.facts("change", { vmConfigPaths: ["/srv/vm.cfg"], libvirt: false });
    expect(stateOf(await managed.apply(CHANGE))).toBe(DONE);
    await asked;
    expect(scripts.map((script) => script.includes("/srv/vm.cfg"))).toEqual([false, true, true]);
  });

  test("are read without the lock while another run has it", async () => {
    const { managed, scripts } = hostThat(() => said("@apply busy\n", 1), factsOf(TO_DO));
    expect(stateOf(await managed.facts("change", NO_QUESTIONS))).toBe(TO_DO);
    expect(scripts[0]).toContain("open_apply");
    expect(scripts[1]).not.toContain("open_apply");
  });

  test("are not asked for again of a host in which something hangs: that takes as long once more", async () => {
    const { managed, scripts } = hostThat(() => said("@apply facts-late\n", 1));
    await expect(managed.facts("change", NO_QUESTIONS)).rejects.toMatchObject({
      failure: "no-answer",
      host: "xen1",
      message:
        "Unable to read the state of xen1: the host did not say within 240 s what it has. Nothing was changed; look " +
        'for what hangs there, such as a file system whose server is away (state D in "ps ax").',
    });
    expect(scripts).toHaveLength(1);
  });

  test("that cannot be read are an error, and the change is tried by itself", async () => {
    const { managed } = hostThat(
      () => cut,
      () => cut,
      dialogue(TO_DO, ended("@group 1 done")),
    );
    await expect(managed.facts("change", NO_QUESTIONS)).rejects.toBe(cut);
    expect(stateOf(await managed.apply(CHANGE))).toBe(DONE);
  });

  test("are read once more when the connection is cut while the change is awaited", async () => {
    const cutMeanwhile: Answer = ({ conversation }) => {
      void conversation?.reply(printed(TO_DO));
      return cut;
    };
    const { managed, scripts } = hostThat(cutMeanwhile, dialogue(TO_DO, ended("@group 1 done")));
    await managed.facts("change", NO_QUESTIONS);
    expect(stateOf(await managed.apply(CHANGE))).toBe(DONE);
    expect(scripts).toHaveLength(2);
  });
});

test("a VM that was started since is seen under the lock: nothing is sent", async () => {
  const { managed, scripts } = hostThat(factsOf(TO_DO), dialogue(VM_RUNS, undefined));
  await managed.facts("work", NO_QUESTIONS);
  await expect(managed.apply(CHANGE)).rejects.toMatchObject({
    message: 'Unable to make 0000:01:00.0 assignable on xen1: the VM "web" has it.',
    guard: "in-use-by-vm",
  });
  expect(scripts).toHaveLength(2);
});

test("what the apply prints at its end is what everybody knows afterwards", async () => {
  const { managed, scripts } = hostThat(dialogue(TO_DO, ended("@group 1 done")));
  await managed.apply(CHANGE);
  expect(stateOf(await managed.facts("work", NO_QUESTIONS))).toBe(DONE);
  expect(scripts).toHaveLength(1);
});

test("a change that comes while the host is read is made in the same dialogue", async () => {
  const changes: Promise<HostFacts>[] = [];
  const slow: Answer = (options) => {
    changes.push(managed.apply({ ...CHANGE, label: "other" }));
    return dialogue(TO_DO, ended("@group 1 done", "@group 2 done"))(options);
  };
  const { managed, scripts } = hostThat(slow);
  changes.push(managed.apply(CHANGE));
  await changes[0];
  expect((await Promise.all(changes)).map(stateOf)).toEqual([DONE, DONE]);
  expect(scripts).toHaveLength(1);
});

test("changes that the engine asks for one by one, with one of another host between, are one script a host", async () => {
  const { managed, scripts } = hostThat(dialogue(TO_DO, ended("@group 1 done", "@group 2 done")));
  const other = hostThat(dialogue(TO_DO, ended("@group 1 done")));
  const changes = [managed.apply(CHANGE)];
  await delay(50);
  changes.push(other.managed.apply(CHANGE));
  await delay(50);
  changes.push(managed.apply({ ...CHANGE, label: "second" }));
  expect((await Promise.all(changes)).map(stateOf)).toEqual([DONE, DONE, DONE]);
  expect([scripts.length, other.scripts.length]).toEqual([1, 1]);
});

test("one that comes while the connection is cut is made in the dialogue that is begun once more", async () => {
  const cutMeanwhile: Answer = ({ conversation }) => {
    void conversation?.reply(printed(TO_DO));
    changes.push(managed.apply({ ...CHANGE, label: "other" }));
    return cut;
  };
  const { managed, scripts } = hostThat(cutMeanwhile, dialogue(TO_DO, ended("@group 1 done", "@group 2 done")));
  const changes = [managed.apply(CHANGE)];
  await changes[0];
  expect((await Promise.all(changes)).map(stateOf)).toEqual([DONE, DONE]);
  expect(scripts).toHaveLength(2);
});

test("one that came so far fails with the others when the dialogue cannot be held", async () => {
  const late: Promise<HostFacts>[] = [];
  const garbled: Answer = async ({ conversation }) => {
    late.push(managed.apply({ ...CHANGE, label: "other" }));
    await conversation?.reply(printed(TO_DO));
    throw new Error("the cable was cut");
  };
  const { managed } = hostThat(garbled);
  await expect(managed.apply(CHANGE)).rejects.toThrow("the cable was cut");
  await expect(late[0]).rejects.toThrow("the cable was cut");
});

const notBegun: readonly [string, string, string, RegExp][] = [
  [
    "another run holds the lock",
    "@apply busy\n",
    "",
    /held the host's lock for a quarter of an hour\. Nothing was changed/,
  ],
  [
    "the host goes down",
    '@apply going-down the stack "dev" of the project "lab"\n',
    "",
    /^Unable to .* on xen1: the host is going down for a reboot that the stack "dev" of the project "lab" asked for\. Nothing was changed/,
  ],
  [
    "the host has no room for the lock",
    "",
    "mkdir: No space left",
    /could not start the script, and said: mkdir: No space left\. Nothing/,
  ],
];
test.each(notBegun)("%s: nothing was changed, and it says so", async (_, stdout, stderr, message) => {
  const { managed } = hostThat(() => said(stdout, 1, stderr));
  await expect(managed.apply(CHANGE)).rejects.toThrow(message);
});

test("the rest comes too late: nothing was changed, and it says so", async () => {
  const late = () => said(`${printed(TO_DO)}@apply waiting\n@apply called-off\n`, 1);
  const { managed } = hostThat(dialogue(TO_DO, late));
  await expect(managed.apply(CHANGE)).rejects.toThrow(/did not arrive in time\. Nothing was changed/);
});

test("the host has no place for notes of what it does: nothing was changed, and it says so", async () => {
  const full = () => said(`${printed(TO_DO)}@apply waiting\n@apply unable\n`, 1, "mkdir: No space left");
  const { managed } = hostThat(dialogue(TO_DO, full));
  await expect(managed.apply(CHANGE)).rejects.toThrow(
    /could not start the script, and said: mkdir: No space left\. Nothing was changed/,
  );
});

test("facts that are not whole are an error with the host's name, and nothing is sent", async () => {
  const garbled: Answer = async ({ conversation }) => {
    await conversation?.reply(printed(TO_DO).slice(200));
    throw new Error("nothing was to be sent");
  };
  const { managed } = hostThat(garbled);
  await expect(managed.apply(CHANGE)).rejects.toThrow(
    /^Unable to read the state of xen1: the host's answer is incomplete/,
  );
});

describe("a change that is ended", () => {
  test("while it waits for the lock is not sent, and says so at once", async () => {
    const run = new AbortController();
    const waits: Answer = (options) => {
      run.abort(new Error("the run was cancelled"));
      return dialogue(TO_DO, undefined)(options);
    };
    const { managed } = hostThat(waits);
    await expect(managed.apply({ ...CHANGE, signal: run.signal })).rejects.toThrow(
      "Unable to make 0000:01:00.0 assignable on xen1: the run was cancelled. Nothing was changed",
    );
  });

  test("before it has begun never reaches the host", async () => {
    const { managed, scripts } = hostThat();
    await expect(managed.apply({ ...CHANGE, signal: AbortSignal.abort() })).rejects.toThrow("Nothing was changed");
    expect(scripts).toEqual([]);
  });

  test("after the host was told to act goes to its end", async () => {
    const run = new AbortController();
    const acts = (facts: string) => {
      run.abort();
      return ended("@group 1 done")(facts);
    };
    const { managed } = hostThat(dialogue(TO_DO, acts));
    expect(stateOf(await managed.apply({ ...CHANGE, signal: run.signal }))).toBe(DONE);
  });
});

describe("a connection that is cut", () => {
  const result =
    (boot: string, ...lines: string[]) =>
    () =>
      said(`@boot ${boot}\n${lines.map((line) => `${line}\n`).join("")}`);
  const bootId = /boot_id:(\S+)/.exec(printed(TO_DO))?.[1] ?? BOOT;
  const cutAfterwards = dialogue(TO_DO, () => cut);

  test("before anything was sent: it is begun once more", async () => {
    const { managed, scripts } = hostThat(() => cut, dialogue(TO_DO, ended("@group 1 done")));
    expect(stateOf(await managed.apply(CHANGE))).toBe(DONE);
    expect(scripts).toHaveLength(2);
    expect(scripts[0]).not.toBe(scripts[1]);
  });

  test("before anything was sent, twice: it is an error", async () => {
    const { managed, scripts } = hostThat(
      () => cut,
      () => cut,
    );
    await expect(managed.apply(CHANGE)).rejects.toBe(cut);
    expect(scripts).toHaveLength(2);
  });

  test("after the rest was sent: the host tells how it ended", async () => {
    const { managed } = hostThat(
      cutAfterwards,
      result(bootId, "@apply waiting", "@apply begin", "@group 1 done", "@apply end"),
      factsOf(DONE),
    );
    expect(stateOf(await managed.apply(CHANGE))).toBe(DONE);
  });

  const ends: readonly [string, Answer, RegExp][] = [
    ["it did not arrive", result(bootId, "@apply waiting", "@apply called-off"), /Nothing was changed/],
    ["it was killed before it began", result(bootId, "@apply waiting"), /Nothing was changed/],
    [
      "it was killed while it ran",
      result(bootId, "@apply waiting", "@apply begin"),
      /it is not known how far this got/,
    ],
    ["the host is in another boot", result("another", "@apply waiting"), /it is not known how far this got/],
    ["nothing is left of it", result(bootId), /it is not known how far this got/],
  ];
  test.each(ends)("after the rest was sent, and %s", async (_, left, message) => {
    const { managed } = hostThat(cutAfterwards, left, factsOf(TO_DO));
    await expect(managed.apply(CHANGE)).rejects.toThrow(message);
  });
});

test.each([
  ["taken back", ["@trial over"], /it took the change back by itself/],
  ["perhaps not taken back", [], /it is not known how far this got/],
])("a script that is killed while its trial waits: the host is asked, and it was %s", async (_, over, message) => {
  const bootId = recordedFacts("debian12-xen4.17").machine.bootId;
  const killed = dialogue(TO_DO, () => said("@apply waiting\n@apply begin\n@group 1 done\n", null));
  const told = ["@apply waiting", "@apply begin", "@group 1 done", "@trial expired", "@group 1 unconfirmed", ...over];
  const { managed } = hostThat(killed, () => said([`@boot ${bootId}`, ...told, ""].join("\n")), factsOf(TO_DO));
  await expect(managed.apply(CHANGE)).rejects.toThrow(message);
});

test("a host that changes between its facts and the first step is planned anew, and not for ever", async () => {
  const stale = dialogue(TO_DO, ended("@group 1 stale", "|it has another driver"), TO_DO);
  const once = hostThat(stale, dialogue(TO_DO, ended("@group 1 done")));
  expect(stateOf(await once.managed.apply(CHANGE))).toBe(DONE);
  const always = hostThat(...Array.from({ length: 20 }, () => stale));
  await expect(always.managed.apply(CHANGE)).rejects.toThrow(
    /kept changing while this was planned \(it has another driver\)/,
  );
  expect(always.scripts.length).toBeLessThan(10);
});

describe("a reboot", () => {
  const reboot = { bootId: BOOT, askedBy: "a stack", by: "init", timeoutSeconds: 30, maxParallel: 1 } as const;
  const REBOOT = {
    ...CHANGE,
    label: "reboot",
    purpose: "reboot the host",
    device: undefined,
    plan: (facts: HostFacts): Plan => {
      const plan = CHANGE.plan(facts);
      if (stateOf(facts) === NOTED) return { ...plan, steps: [], reboot };
      return plan.steps.length > 0 ? { ...plan, reboot } : plan;
    },
  };
  const booted = () => said("boot another\nready\n");

  test("is noted first, then asked for under the lock", async () => {
    const { managed, scripts } = hostThat(
      dialogue(TO_DO, ended("@group 1 done"), NOTED),
      dialogue(NOTED, () => said("@apply waiting\n@apply begin\n")),
      booted,
      factsOf(DONE),
    );
    expect(stateOf(await managed.apply(REBOOT))).toBe(DONE);
    expect(scripts).toHaveLength(4);
  });

  test("is not asked for when a VM was started since", async () => {
    const { managed, scripts } = hostThat(dialogue(TO_DO, ended("@group 1 done"), NOTED), dialogue(VM_RUNS, undefined));
    await expect(managed.apply(REBOOT)).rejects.toThrow('Unable to reboot the host on xen1: the VM "web" has it');
    expect(scripts).toHaveLength(2);
  });

  test("that cannot be begun after its note is an error that tells of the note", async () => {
    const busy = () => said("@apply busy\n", 1);
    const { managed } = hostThat(dialogue(TO_DO, ended("@group 1 done"), NOTED), busy);
    await expect(managed.apply(REBOOT)).rejects.toThrow(
      /quarter of an hour\. The host has a note of the reboot, and was not rebooted; try again/,
    );
    const first = hostThat(busy);
    await expect(first.managed.apply(REBOOT)).rejects.toThrow(/quarter of an hour\. Nothing was changed; try again/);
  });

  test("that the host refuses is an error with its words", async () => {
    const { managed } = hostThat(
      dialogue(NOTED, () => said("@apply waiting\n@apply begin\n", 1, "shutdown: not now\n")),
    );
    await expect(managed.apply(REBOOT)).rejects.toThrow(
      /the host did not go down, and said: shutdown: not now\. Fix that, then try again\.$/,
    );
  });

  const unknown: readonly [string, () => ScriptResult | Error][] = [
    ["cuts the connection", () => cut],
    ["ends without an exit code", () => said("@apply waiting\n@apply begin\n", null)],
  ];
  test.each(unknown)("that %s is one", async (_, end) => {
    const { managed } = hostThat(dialogue(NOTED, end), booted, factsOf(DONE));
    expect(stateOf(await managed.apply(REBOOT))).toBe(DONE);
  });

  test("comes after the changes that wait with it", async () => {
    const { managed, scripts } = hostThat(
      dialogue(TO_DO, ended("@group 1 done"), NOTED),
      dialogue(NOTED, () => said("@apply waiting\n@apply begin\n")),
      booted,
      factsOf(DONE),
    );
    const change = {
      ...CHANGE,
      plan: (facts: HostFacts) => (stateOf(facts) === NOTED ? EMPTY_PLAN : CHANGE.plan(facts)),
    };
    await Promise.all([managed.apply(REBOOT), managed.apply(change)]);
    expect(scripts).toHaveLength(4);
  });
});
