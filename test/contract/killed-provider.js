#!/usr/bin/env node
// @ts-check
/** Makes a device assignable in a process of its own, which a test can kill: `killed-provider.js <host as JSON> <device>`. */
require("../lab/typescript.js");
const { Deployment } = require("./deployment");

const [login = "", device] = process.argv.slice(2);
new Deployment(JSON.parse(login)).create("AssignableDevice", { device });
