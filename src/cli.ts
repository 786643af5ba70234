#!/usr/bin/env node
const oldestNode = 22;

// Loaded only where it can run: an older Node would fail in the middle of a command.
if (Number(process.versions.node.split('.')[0]) < oldestNode) {
  process.stderr.write(
    `llmdw: Node ${oldestNode} or newer is needed, this is ${process.version}\nhint: Run it in a terminal of VS Code, which brings its own, or install a newer Node.\n`,
  );
  process.exitCode = 1;
} else {
  const [{ systemIo }, { main }] = await Promise.all([import('./cli/io.ts'), import('./cli/main.ts')]);
  process.exitCode = await main(process.argv.slice(2), systemIo());
}
