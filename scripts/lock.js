// @ts-check
const { randomUUID } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");

const HEARTBEAT_MS = 2_000;
const TELL_EVERY_MS = 15_000;
/** A process id alone proves nothing after a restart of the machine or container: another process may have it by now. */
const SILENCE_MS = 60_000;

/**
 * Does the work while no other process holds the lock file. A holder that was killed is found out by its process id, or
 * by a minute without heartbeat, and its lock is taken over.
 *
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (holder: number | undefined) => void, pollMs?: number }} [options] onWait is told who holds the
 *   lock, at once and then every 15 s.
 * @returns {Promise<T>}
 */
async function withLock(file, work, { onWait = () => {}, pollMs = 200 } = {}) {
  const token = randomUUID();
  fs.mkdirSync(path.dirname(file), { recursive: true });
  let toldAt = Number.NEGATIVE_INFINITY;
  while (!take(file, token)) {
    const holder = readHolder(file);
    if (holder && isGone(holder)) {
      takeAway(file, token);
      continue;
    }
    if (holder && Date.now() - toldAt >= TELL_EVERY_MS) {
      onWait(holder.pid);
      toldAt = Date.now();
    }
    await sleep(pollMs);
  }
  const heartbeat = setInterval(() => beat(file), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (readHolder(file)?.token === token) fs.rmSync(file, { force: true });
  }
}

/**
 * @param {string} file
 * @param {string} token
 */
function take(file, token) {
  try {
    fs.writeFileSync(file, `${process.pid} ${token}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** @typedef {{ pid: number | undefined, token: string, silentMs: number }} Holder */

/**
 * Who holds the lock; undefined when nobody does. The text is empty for the moment between creating and writing it.
 *
 * @param {string} file
 * @returns {Holder | undefined}
 */
function readHolder(file) {
  try {
    const [, pid, token = ""] = /^(\d+) (\S+)\n$/.exec(fs.readFileSync(file, "utf8")) ?? [];
    return { pid: pid ? Number(pid) : undefined, token, silentMs: Date.now() - fs.statSync(file).mtimeMs };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** @param {Holder} holder */
function isGone(holder) {
  return holder.silentMs > SILENCE_MS || (holder.pid !== undefined && !isAlive(holder.pid));
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH"; // EPERM: alive, and somebody else's
  }
}

/**
 * Removes the lock of a holder that is gone. Another waiter may have done so, and have taken the lock, since we looked:
 * rename picks up whatever is there in one step, and a living holder's lock is put back.
 *
 * @param {string} file
 * @param {string} token ours
 */
function takeAway(file, token) {
  const aside = `${file}.${token}`;
  try {
    fs.renameSync(file, aside);
    const holder = readHolder(aside);
    if (holder && !isGone(holder)) fs.linkSync(aside, file);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" && codeOf(error) !== "EEXIST") throw error;
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

/** @param {string} file */
function beat(file) {
  const now = new Date();
  // The lock is gone when the machine slept for longer than a minute and a waiter took it: nothing to keep alive then.
  fs.utimes(file, now, now, () => {});
}

/**
 * The code of an error of node:fs or node:process. (`instanceof Error` would not hold in a Jest test, which has an Error of
 * its own.)
 *
 * @param {unknown} error
 */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}

module.exports = { withLock };
