#!/usr/bin/env node
// @ts-check
/**
 * Tries all parsers of provider/ with changed texts: `npm run fuzz`, or `npm run fuzz -- <cases> <seed> <first case>`. A parser may
 * return or throw an error that it documents, within 6 s and 1 GiB. Prints how many were tried and held; the text of
 * the first that did not hold is written to a file.
 */
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { isMainThread, parentPort, Worker, workerData } = require("node:worker_threads");
require("../lab/typescript.js");
const { fuzzCases } = require("./parsers");

const SECONDS_FOR_A_CASE = 6;
const MEMORY_MIB = 1024;

/** @typedef {{ seed: number, first: number, cases: number, progress: SharedArrayBuffer }} Work */
/** @typedef {{ index: number, reason: string }} Failure */

/** The worker: notes which case it is at, so that the main thread knows it even when the worker dies. @param {Work} work */
function tryCases({ seed, first, cases, progress }) {
  const cell = new Int32Array(progress);
  const caseOf = fuzzCases(seed);
  for (let index = first; index < first + cases; index++) {
    Atomics.store(cell, 0, index);
    const reason = caseOf(index).run();
    if (reason !== undefined) parentPort?.postMessage({ index, reason });
  }
}

/** @param {Work} work @returns {Promise<Failure | undefined>} */
function firstFailure(work) {
  const cell = new Int32Array(work.progress);
  const worker = new Worker(__filename, { workerData: work, resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB } });
  return new Promise((resolve) => {
    let seen = -1;
    let since = Date.now();
    const watch = setInterval(() => {
      const index = Atomics.load(cell, 0);
      if (index !== seen) {
        seen = index;
        since = Date.now();
      } else if (index >= 0 && Date.now() - since > SECONDS_FOR_A_CASE * 1000) {
        end({ index, reason: `it took longer than ${SECONDS_FOR_A_CASE} s` });
      }
    }, 250);
    /** @param {Failure | undefined} failure */
    const end = (failure) => {
      clearInterval(watch);
      void worker.terminate();
      resolve(failure);
    };
    worker.on("message", end);
    worker.on("error", (error) => end({ index: Atomics.load(cell, 0), reason: String(error.stack) }));
    worker.on("exit", () => end(undefined));
  });
}

/** @param {readonly string[]} words */
async function main([cases = "1000000", seed = String(Date.now() % 1_000_000), first = "0"]) {
  const work = { seed: Number(seed), first: Number(first), cases: Number(cases), progress: new SharedArrayBuffer(4) };
  new Int32Array(work.progress)[0] = -1; // it has not begun
  const failure = await firstFailure(work);
  const held = failure ? failure.index - work.first : work.cases;
  console.log(`seed ${seed}: tried ${failure ? held + 1 : held}, held ${held}`);
  if (!failure) return;
  const { parser, text } = fuzzCases(work.seed)(failure.index);
  const file = path.join(os.tmpdir(), `fuzz-${seed}-${failure.index}.txt`);
  fs.writeFileSync(file, text, "latin1");
  console.log(
    `case ${failure.index}, ${parser}: ${failure.reason}\nIts text is in ${file}. Again: npm run fuzz -- 1 ${seed} ${failure.index}`,
  );
  process.exitCode = 1;
}

if (isMainThread) void main(process.argv.slice(2));
else tryCases(workerData);
