import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { withLock } from "../../scripts/lock.js";
import { temporaryFolders } from "./temporary-folder";

const temporaryFolder = temporaryFolders();
const LOCK_MODULE = path.resolve(__dirname, "../../scripts/lock.js");

const processes: ChildProcess[] = [];
afterEach(() => {
  for (const each of processes.splice(0)) each.kill("SIGKILL");
});

/** Another process that runs `work`, JavaScript for the body of an async function, under the lock. */
function otherProcess(file: string, work: string): ChildProcess {
  const text = `require(${JSON.stringify(LOCK_MODULE)}).withLock(${JSON.stringify(file)}, async () => { ${work} })`;
  const child = spawn(process.execPath, ["-e", text], { stdio: ["ignore", "pipe", "inherit"] });
  processes.push(child);
  return child;
}

async function holdForever(file: string): Promise<ChildProcess> {
  const holder = otherProcess(file, `console.log("held"); await new Promise(() => setInterval(() => {}, 1000));`);
  if (holder.stdout) await once(holder.stdout, "data");
  return holder;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);

test("gives the work's result and leaves no file", async () => {
  const file = path.join(temporaryFolder(), "new-folder", "lock");
  expect(await withLock(file, async () => "done")).toBe("done");
  expect(fs.readdirSync(path.dirname(file))).toEqual([]);
});

test("is free again after work that failed", async () => {
  const file = path.join(temporaryFolder(), "lock");
  const failing = withLock(file, () => Promise.reject(new Error("no space left")));
  await expect(failing).rejects.toThrow("no space left");
  expect(fs.existsSync(file)).toBe(false);
});

test("processes that want it at once work one after the other", async () => {
  const folder = temporaryFolder();
  const log = path.join(folder, "log");
  const note = (word: string): string => `require("fs").appendFileSync(${JSON.stringify(log)}, "${word} ");`;
  const four = Array.from({ length: 4 }, () =>
    otherProcess(path.join(folder, "lock"), `${note("in")} await new Promise(setImmediate); ${note("out")}`),
  );
  await Promise.all(four.map((each) => once(each, "exit")));
  expect(fs.readFileSync(log, "utf8")).toBe("in out ".repeat(4));
});

test("waits for a holder that lives, says for whom, and goes on when the holder is killed", async () => {
  const file = path.join(temporaryFolder(), "lock");
  const holder = await holdForever(file);
  const waitedFor: (number | undefined)[] = [];
  const worked = jest.fn(async () => {});
  const waiting = withLock(file, worked, {
    pollMs: 5,
    onWait: (pid) => {
      waitedFor.push(pid);
      expect(worked).not.toHaveBeenCalled();
      void kill(holder);
    },
  });
  await waiting;
  expect(worked).toHaveBeenCalledTimes(1);
  expect(waitedFor).toEqual([holder.pid]);
});

test("of many that find a killed holder's lock, one at a time works", async () => {
  const file = path.join(temporaryFolder(), "lock");
  await kill(await holdForever(file));
  let inside = 0;
  const work = async (): Promise<number> => {
    inside += 1;
    await new Promise(setImmediate);
    const seen = inside;
    inside -= 1;
    return seen;
  };
  const all = await Promise.all(Array.from({ length: 20 }, () => withLock(file, work, { pollMs: 1 })));
  expect(all).toEqual(Array(20).fill(1));
});

test.each([
  ["a living process that took over the process id", `${process.pid} someone\n`],
  ["nobody, as its holder was killed while it wrote it", ""],
  ["something else", "not a lock"],
])("takes over a lock without heartbeat that names %s", async (_, text) => {
  const file = path.join(temporaryFolder(), "lock");
  fs.writeFileSync(file, text);
  fs.utimesSync(file, minutesAgo(2), minutesAgo(2));
  expect(await withLock(file, async () => "done")).toBe("done");
  expect(fs.existsSync(file)).toBe(false);
});
