#!/usr/bin/env node
// @ts-check
/**
 * Something goes wrong at each moment of each apply, for every kind of resource on every simulated host; then the
 * program runs again, and everything is taken back. `npm run test:faults`, or with words that a case must have:
 * `npm run test:faults -- debian-xl HiddenPciDevice create 17 killed`.
 */
const { fork } = require("node:child_process");
const os = require("node:os");
require("../lab/typescript.js");
const { DECLARATIONS } = require("./declarations");
const { idOf, idOfCase, playBadly, playWell, storiesOf } = require("./story");

/** Cases wait more than they work: for the changes that a queue gathers, for the seconds of a script. */
const AT_A_TIME = 12;

/** A larger young generation: a simulated host makes many small objects that die with its case. */
const FLAGS = ["--max-semi-space-size=64"];

/** @typedef {import("./scene").Story} Story */
/** @typedef {{ id: string, problems: readonly string[] }} Failure */
/** @typedef {{ story: number, tried: number, failures: readonly Failure[] }} Outcome */

const STORIES = DECLARATIONS.flatMap(storiesOf);

/** Whether a case may have all these words. @param {string} id @param {readonly string[]} words */
function hasWords(id, words) {
  const own = id.split(" ");
  return words.every((word) => own.includes(word));
}

/** @param {Story} story @param {readonly string[]} words @returns {Promise<Omit<Outcome, "story">>} */
async function play(story, words) {
  const good = await playWell(story);
  const left = good.points.filter((point) => hasWords(idOfCase(story, point), words));
  const tried = left.length;
  /** @type {Failure[]} */
  const failures = [];
  const playNext = async () => {
    for (let point = left.shift(); point; point = left.shift()) {
      const problems = await playBadly(story, good, point);
      if (problems.length > 0) failures.push({ id: `${idOfCase(story, point)}\n  at: ${point.what}`, problems });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, playNext));
  return { tried, failures };
}

/** @param {readonly string[]} words */
async function main(words) {
  const ids = new Set(STORIES.flatMap((story) => idOf(story).split(" ")));
  const ofStories = words.filter((word) => ids.has(word));
  const waiting = STORIES.flatMap((story, index) => (hasWords(idOf(story), ofStories) ? [index] : []));
  /** @type {Map<string, { tried: number, held: number }>} */
  const sums = new Map();
  const sum = { tried: 0, held: 0 };
  const begun = Date.now();
  /** @param {Outcome} outcome */
  const note = ({ story, tried, failures }) => {
    const seen = STORIES[story];
    if (!seen) return;
    const held = tried - failures.length;
    for (const { id, problems } of failures) {
      const [name = "", ...place] = id.split("\n");
      console.log(
        [`did not hold: npm run test:faults -- ${name}`, ...place, ...problems.map((line) => `  ${line}`)].join("\n"),
      );
    }
    const seconds = Math.round((Date.now() - begun) / 1000);
    console.log(`${idOf(seen)}: tried ${tried}, held ${held} (${waiting.length} stories wait, ${seconds} s)`);
    const key = `${seen.declaration.profile} ${seen.declaration.kind}`;
    const before = sums.get(key) ?? { tried: 0, held: 0 };
    sums.set(key, { tried: before.tried + tried, held: before.held + held });
    sum.tried += tried;
    sum.held += held;
  };
  const workers = Math.min(os.availableParallelism(), waiting.length);
  await Promise.all(Array.from({ length: workers }, () => work(waiting, words, note)));
  for (const [key, { tried, held }] of sums) console.log(`${key}: tried ${tried}, held ${held}`);
  console.log(`tried ${sum.tried}, held ${sum.held}`);
  if (sum.held < sum.tried || sum.tried === 0) process.exitCode = 1;
}

/** One process that plays one story after the other. @param {number[]} waiting @param {readonly string[]} words @param {(outcome: Outcome) => void} note @returns {Promise<void>} */
function work(waiting, words, note) {
  const worker = fork(__filename, ["--worker", ...words], { execArgv: [...process.execArgv, ...FLAGS] });
  return new Promise((resolve, reject) => {
    const next = () => {
      const story = waiting.shift();
      if (story === undefined) worker.disconnect();
      else worker.send(story);
    };
    worker.on("message", (/** @type {Outcome} */ outcome) => {
      note(outcome);
      next();
    });
    worker.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
    next();
  });
}

const [first, ...rest] = process.argv.slice(2);
if (first === "--worker") {
  process.on("message", async (/** @type {number} */ index) => {
    const story = STORIES[index];
    if (story) process.send?.({ story: index, ...(await play(story, rest)) });
  });
} else void main(process.argv.slice(2));
