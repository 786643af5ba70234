import { deniedKey, GUARDED_COMMANDS } from '../../src/host/commands/access.ts';
import { APPEARANCES } from '../../src/host/commands/appearance.ts';
import { COMMAND_IDS, COMMANDS } from '../../src/host/commands/table.ts';

interface MenuItem {
  readonly command: string;
  readonly when: string;
  readonly group?: string;
}

interface Manifest {
  readonly contributes: Readonly<Record<string, unknown>>;
}

/** The text of package.json with commands, menus and keybindings as the command table and `appearance.ts` have them; all else as it is. */
export function withCommands(packageJson: string): string {
  const manifest = JSON.parse(packageJson) as Manifest;
  const contributes = { ...manifest.contributes, commands: commands(), menus: menus(), keybindings: keybindings() };
  return `${JSON.stringify({ ...manifest, contributes }, null, 2)}\n`;
}

function commands(): readonly object[] {
  return COMMAND_IDS.map((id) => {
    const { title, beforeTrust } = COMMANDS[id];
    return {
      command: id,
      category: 'llm-d',
      title,
      icon: `$(${APPEARANCES[id].icon})`,
      ...(beforeTrust ? {} : { enablement: 'isWorkspaceTrusted' }),
    };
  });
}

/** Nowhere is a command offered that the cluster is known to refuse. */
function menus(): Readonly<Record<string, readonly MenuItem[]>> {
  const placed = COMMAND_IDS.flatMap((id) =>
    (APPEARANCES[id].menus ?? []).flatMap(({ menu, when, groups }) =>
      groups.map((group) => {
        const allowed = GUARDED_COMMANDS.includes(id) ? `${when} && !${deniedKey(id)}` : when;
        return { menu, item: { command: id, when: allowed, group } };
      }),
    ),
  );
  const byMenu = Map.groupBy(placed, ({ menu }) => menu);
  return {
    ...Object.fromEntries([...byMenu].map(([menu, all]) => [menu, all.map(({ item }) => item)])),
    commandPalette: GUARDED_COMMANDS.map((id) => ({ command: id, when: `!${deniedKey(id)}` })),
  };
}

function keybindings(): readonly object[] {
  return COMMAND_IDS.flatMap((id) => (APPEARANCES[id].keys ?? []).map((key) => ({ command: id, ...key })));
}
