const os = require("node:os");

const swc = [
  "@swc/jest",
  { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
];

/** `unit` needs nothing but Node; `engine` runs the real Pulumi engine on simulated hosts; `lab` needs the Xen host of test/lab. */
const project = (displayName, testMatch, more = {}) => ({
  displayName,
  testMatch,
  testEnvironment: "<rootDir>/test/one-test-at-a-time.js",
  transform: {
    "\\.ts$": swc,
    "/just-bash/dist/bundle/index\\.cjs$": "<rootDir>/test/simulator/just-bash-transform.js",
  },
  transformIgnorePatterns: ["/node_modules/(?!just-bash/dist/bundle/index\\.cjs$)"],
  modulePathIgnorePatterns: ["<rootDir>/dist"],
  ...more,
});

module.exports = {
  // Simulated hosts and engines wait now and then: with 1.5 a processor, a fifth of its time was left (1,300 s of CPU in
  // 812 s of two). Jest takes no more than 100% as a share of the processors.
  maxWorkers: 2 * os.availableParallelism(),
  // For slow machines: no test measures time. Jest takes it from here alone, not from a project.
  testTimeout: 300_000,
  testSequencer: "<rootDir>/test/slow-files-first.js",
  projects: [
    project("unit", ["<rootDir>/test/**/*.test.ts"], {
      testPathIgnorePatterns: ["\\.engine\\.test\\.ts$", "\\.lab\\.test\\.ts$"],
    }),
    project("engine", ["<rootDir>/test/**/*.engine.test.ts"]),
    project("lab", ["<rootDir>/test/**/*.lab.test.ts"]),
  ],
};
