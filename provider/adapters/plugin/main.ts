#!/usr/bin/env node
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { createHosts } from "../../resources/hosts";
import { engineLog } from "../engine-log";
import { Plugin } from "./plugin";
import { pluginService } from "./service";

const { version } = require("pulumi-pci-passthrough/package.json") as { readonly version: string };
const logTo = (address: string) => {
  const engine = new EngineClient(address, credentials.createInsecure());
  return engineLog(() => engine);
};
const plugin = new Plugin({ hostFor: createHosts(), env: process.env });
const server = new Server();
server.addService(ResourceProviderService, pluginService(plugin, { version, logTo }));
// On the loopback interface alone. The engine waits for a line with the port, and nothing else may come before it.
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
// The engine waits 5 s for a plugin that does not end by it (seen with 3.259).
process.on("SIGINT", () => process.exit(0));
