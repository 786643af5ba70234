// Writes into package.json what src/host/commands/table.ts says of commands, and appearance.ts of their icons, menus and keybindings.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withCommands } from './lib/contributions.ts';

const path = join(import.meta.dirname, '..', 'package.json');
await writeFile(path, withCommands(await readFile(path, 'utf8')));
