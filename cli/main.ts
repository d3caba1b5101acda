#!/usr/bin/env node
import { Command } from "commander";
import { simulateCommand } from "./simulate";

new Command("pulumi-pci-passthrough")
  .description("PCI passthrough from a Pulumi program")
  .addCommand(simulateCommand())
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
