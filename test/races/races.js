#!/usr/bin/env node
// @ts-check
/**
 * 4 and then 8 stacks that change one simulated host at once: `npm run test:races`, or `npm run test:races -- <rounds> <seed>`.
 * 200 rounds of each stack take half an hour.
 */
require("../lab/typescript.js");
const { contest, race } = require("./race");

/** @param {readonly string[]} words */
async function main([rounds = "200", seed = String(Date.now() % 1_000_000)]) {
  for (const stacks of [4, 8]) {
    await contest(stacks, Number(seed));
    const { made, refused, locks, waits, overtaken } = await race(stacks, Number(rounds), Number(seed));
    console.log(
      `${stacks} stacks, ${rounds} rounds, seed ${seed}: ${made} changes held, ${refused} were refused the device of another; ` +
        `of ${locks} locks ${waits} were waited for, ${overtaken} turns of others at most`,
    );
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
