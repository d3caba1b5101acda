import { engineOfProcess } from "./adapters/dynamic/engine-of-process";
import { defineResource } from "./adapters/dynamic/resource-provider";
import { engineLog } from "./adapters/engine-log";
import { RESOURCE_KINDS } from "./claims/claim-key";
import { EngineRun } from "./resources/engine-run";
import { createHosts } from "./resources/hosts";

const surroundings = {
  hostFor: createHosts(),
  log: engineLog(engineOfProcess),
  env: process.env,
  run: new EngineRun(),
};

/** The provider of each kind of resource. States written years ago load it by the kind's name (sdk/host-resource.ts). */
const providers = Object.fromEntries(RESOURCE_KINDS.map((kind) => [kind, defineResource(kind, surroundings)]));

export = providers;
