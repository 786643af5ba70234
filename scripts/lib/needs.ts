import { Refusal } from './refusal.ts';
import { runQuietly } from './run.ts';
import { say } from './say.ts';
import { step } from './step.ts';
import { which } from './system.ts';

/** Something that a script uses and that neither npm nor a download of ours brings. */
export interface Need {
  readonly what: string;
  /** Debian's packages that bring it; none where Debian has none. */
  readonly packages: readonly string[];
  readonly met: () => Promise<boolean>;
}

/** The same needs, which are none as long as `otherwise` holds. */
export function unless(otherwise: () => Promise<boolean>, needs: readonly Need[]): readonly Need[] {
  return needs.map((need) => ({ ...need, met: async () => (await otherwise()) || need.met() }));
}

/** What a machine may do about a missing package. */
export interface PackageManager {
  /** Whether this user may install: root, on a machine with apt-get. */
  readonly allowed: () => Promise<boolean>;
  readonly install: (packages: readonly string[]) => Promise<void>;
}

/**
 * Sees to it that all of it is there. Nothing is installed before everything was looked for, and where this user may not install,
 * nothing is: then one refusal lists all that is missing, with the command that brings it.
 */
export async function ensure(needs: readonly Need[], packageManager: PackageManager = apt): Promise<void> {
  const looked = await Promise.all(needs.map(async (need) => ({ need, met: await need.met() })));
  // Several suites may lack the same.
  const missing = [...new Map(looked.filter(({ met }) => !met).map(({ need }) => [need.what, need])).values()];
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((need) => need.packages))];
  if (missing.some((need) => need.packages.length === 0) || !(await packageManager.allowed()))
    throw new Refusal(lacking(missing, packages, 'Nothing was installed.'));
  try {
    await packageManager.install(packages);
  } catch (error) {
    throw new Refusal(
      lacking(
        missing,
        packages,
        `They could not be installed: ${error instanceof Error ? error.message : String(error)}`,
      ),
      { cause: error },
    );
  }
}

function lacking(missing: readonly Need[], packages: readonly string[], what: string): string {
  const list = missing.map((need) => `  - ${need.what}`).join('\n');
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  const commands = [`${sudo}apt-get update`, `${sudo}apt-get ${installArgs(packages).join(' ')}`]
    .map((command) => `  ${command}`)
    .join('\n');
  return `This machine lacks:\n${list}\n${what}${packages.length === 0 ? '' : `\nOn Debian and Ubuntu these commands bring ${missing.length === 1 ? 'it' : 'them'}:\n${commands}`}`;
}

function installArgs(packages: readonly string[]): readonly string[] {
  return ['install', '-y', '--no-install-recommends', ...packages];
}

const apt: PackageManager = {
  allowed: async () => process.getuid?.() === 0 && (await which('apt-get')) !== undefined,
  async install(packages) {
    say(`apt-get ${installArgs(packages).join(' ')}`);
    await step('apt-get', async (tell) => {
      for (const args of [['update'], installArgs(packages)]) {
        await runQuietly('apt-get', args, { env: { DEBIAN_FRONTEND: 'noninteractive' }, tell });
      }
    });
  },
};
