// @ts-check
const asyncHooks = require("node:async_hooks");
const { TestEnvironment } = require("jest-environment-node");

/** What jest-circus takes from `AsyncLocalStorage`, for one test at a time. */
class OneStore {
  /** @type {unknown} */
  store = undefined;

  getStore() {
    return this.store;
  }

  /**
   * @template T
   * @param {unknown} store
   * @param {() => Promise<T>} callback
   */
  async run(store, callback) {
    const before = this.store;
    this.store = store;
    try {
      return await callback();
    } finally {
      this.store = before;
    }
  }
}

/**
 * jest-circus 30 runs each test in an AsyncLocalStorage of its own, to know whose an error is that nobody catches. On
 * Node 20 every promise pays for that: a tenth of the CPU of a simulated host. Tests run one after the other here, so that
 * one variable does. (With `test.concurrent` such an error may be told of a neighbour.)
 */
module.exports = class OneTestAtATime extends TestEnvironment {
  /** @override */
  async setup() {
    await super.setup();
    this.asyncLocalStorage = asyncHooks.AsyncLocalStorage;
    Object.assign(asyncHooks, { AsyncLocalStorage: OneStore });
  }

  /**
   * Once jest-circus is loaded, tests have the real one.
   *
   * @param {{ readonly name: string }} event
   */
  handleTestEvent({ name }) {
    if (name === "setup") Object.assign(asyncHooks, { AsyncLocalStorage: this.asyncLocalStorage });
  }
};
