import { runQuietly } from './run.ts';
import type { Tell } from './step.ts';

/** What an npm tells the scripts that it runs, beside its `npm_*`: true of that npm alone. */
const ofOuterNpm = new Set(['INIT_CWD', 'NODE']);

/** How packages and headers are reached: a person or a machine may have said so in the environment and nowhere else. */
const reach =
  /^npm_config_(?:registry|https?[-_]proxy|proxy|noproxy|ca|cafile|strict[-_]ssl|nodedir|userconfig|globalconfig|cache|@.*|\/\/.*)$/i;

/**
 * The environment without what an outer npm put there. `npm run` may run on another Node than the one that it puts first on the PATH,
 * and an inner npm would hand the outer's name and version on: post-installs read the Node that they run on in `npm_config_user_agent`.
 */
export function withoutOuterNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !ofOuterNpm.has(name) && (!/^npm_/i.test(name) || reach.test(name))),
  );
}

export interface NpmOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Takes what npm and the scripts of packages print. */
  readonly tell: Tell;
}

/** Runs npm as if from a shell: every npm that a script starts comes from here. A non-zero exit is an error with its last words. */
export async function npm(args: readonly string[], { cwd, env = process.env, tell }: NpmOptions): Promise<void> {
  await runQuietly('npm', [...args, '--foreground-scripts'], {
    cwd,
    env: withoutOuterNpm(env),
    extendEnv: false,
    tell,
  });
}
