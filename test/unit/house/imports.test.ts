import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import esbuild, { type Metafile } from 'esbuild';

const root = resolve(import.meta.dirname, '../../..');
const src = join(root, 'src');

/** The features: they know the cluster's door and each other's types, nothing of windows, pages or processes. */
const features = ['inventory', 'deployment', 'poker', 'benchmarks', 'profiling', 'traces', 'runs', 'democtl'];

interface Import {
  readonly file: string;
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** By `import()`. */
  readonly dynamic: boolean;
  /** Room of our own that it leads to, or undefined for a package. */
  readonly to: string | undefined;
}

/** The room of a file under src: its folder, or `extension`, `cli`, `compose` for the files on top. */
function room(path: string): string {
  const parts = relative(src, path).split(sep);
  const [first = '', second] = parts;
  if (second === undefined) return first.replace(/\.ts$/, '');
  if (first === 'kube' && second === 'model') return 'kube/model';
  if (first !== 'demo') return first;
  if (second === 'programs') return 'demo/programs';
  return second === 'nodes' || second === 'crowd' || second === 'cluster.ts' || second === 'types.ts'
    ? 'demo/nodes'
    : first;
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(file, 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g;
  return [...text.matchAll(pattern)].map((match) => {
    const specifier = match[2] ?? match[3] ?? '';
    const to = specifier.startsWith('.') ? room(resolve(dirname(file), specifier)) : undefined;
    return {
      file: relative(root, file),
      from: room(file),
      specifier,
      typeOnly: match[1] !== undefined,
      dynamic: match[3] !== undefined,
      to,
    };
  });
}

const all = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter(
    (entry) =>
      entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes(join('traces', 'assemblyscript')),
  )
  .flatMap((entry) => importsOf(join(entry.parentPath, entry.name)));

/** Processes are started in two rooms only, and threads nowhere: one that dies takes the whole window along. */
const NODE = /^node:(?!child_process|worker_threads)/;

interface Rule {
  readonly rooms: readonly string[];
  /** Rooms of which only types may be imported. */
  readonly types?: readonly string[];
  readonly packages: RegExp;
  /** Packages of which only types may be imported. */
  readonly typePackages?: RegExp;
}

/** Who may import whom; a room may always import itself. */
const allowed: Readonly<Record<string, Rule>> = {
  base: { rooms: [], packages: NODE },
  'kube/model': { rooms: ['base'], packages: /^$/, typePackages: /^@kubernetes\/client-node$/ },
  kube: { rooms: ['base', 'kube/model'], packages: /^(node:(?!worker_threads)|ws$|yaml$|zod$|execa$|socks$)/ },
  readers: { rooms: ['base'], packages: /^node:(?!worker_threads)/ },
  ...Object.fromEntries(
    features.map((feature) => [
      feature,
      {
        rooms: ['base', 'kube', 'kube/model'],
        types: [...features, 'readers'],
        packages: /^(node:(?!child_process|worker_threads)|yaml$|zod$)/,
      },
    ]),
  ),
  demo: {
    rooms: ['base', 'kube/model'],
    types: ['kube', 'demo/nodes'],
    packages: /^(node:(?!child_process|worker_threads)|ws$|yaml$|zod$|@peculiar\/asn1-)/,
  },
  'demo/programs': {
    rooms: ['base', 'kube/model', 'demo'],
    types: ['kube', 'demo/nodes'],
    packages: /^(node:(?!child_process|worker_threads)|just-bash$|zod$)/,
  },
  'demo/nodes': {
    rooms: ['base', 'kube', 'kube/model', 'demo', 'demo/programs'],
    packages: /^(node:(?!child_process|worker_threads)|ws$|yaml$|zod$|just-bash$|tar-stream$)/,
  },
  protocol: { rooms: [], types: features, packages: /^zod$/ },
  host: {
    rooms: ['base', 'kube', 'kube/model', 'protocol', ...features],
    types: ['compose'],
    packages: /^(node:(?!child_process|worker_threads)|vscode$|zod$|yaml$)/,
  },
  webview: { rooms: ['base', 'protocol', 'benchmarks', 'inventory', 'traces'], packages: /^(?!vscode$|node:)/ },
  cli: {
    rooms: ['base', 'kube', 'kube/model', 'readers', 'compose', 'protocol', 'demo', 'demo/nodes', ...features],
    packages: NODE,
  },
  compose: { rooms: ['base', 'kube', 'kube/model', 'readers', ...features], packages: NODE },
  reader: { rooms: ['readers', ...features], packages: NODE },
  extension: { rooms: ['compose', 'host'], packages: /^(vscode|node:.*)$/ },
};

describe('who may import whom', () => {
  for (const [from, rule] of Object.entries(allowed)) {
    it(`${from} keeps to its list`, () => {
      const wrong = all
        .filter((each) => each.from === from && each.to !== from)
        .filter((each) => {
          if (each.to === undefined)
            return !(
              rule.packages.test(each.specifier) ||
              (each.typeOnly && rule.typePackages?.test(each.specifier) === true)
            );
          if (rule.rooms.includes(each.to)) return false;
          return !(each.typeOnly && (rule.types ?? []).includes(each.to));
        })
        .map((each) => `${each.file} imports ${each.typeOnly ? 'types of ' : ''}${each.specifier}`);
      assert.deepEqual(wrong, []);
    });
  }

  it('waits for modules of our own only: of a CommonJS package, `import()` finds other names in a bundle than in Node', () => {
    assert.deepEqual(
      all
        .filter((each) => each.dynamic && each.to === undefined && !each.specifier.startsWith('node:'))
        .map((each) => `${each.file} waits for ${each.specifier}`),
      [],
    );
  });

  it('takes zod as a namespace, of which a bundle keeps what is used: a fifth', () => {
    const whole = /import \{[^}]*\bz\b[^}]*\} from 'zod'/;
    assert.deepEqual(
      all
        .filter((each) => each.specifier === 'zod' && whole.test(readFileSync(join(root, each.file), 'utf8')))
        .map((each) => each.file),
      [],
    );
  });

  it('names every room', () => {
    assert.deepEqual(
      [...new Set(all.map((each) => each.from))].filter((from) => !(from in allowed)),
      [],
    );
  });

  it('builds the command line with all features and the demo without vscode', async () => {
    const { inputs } = await bundled('src/cli.ts');
    const imported = Object.values(inputs).flatMap((input) => input.imports.map((each) => each.path));
    assert.ok(imported.length > 0);
    assert.ok(!imported.includes('vscode'));
  });

  it('has of the client library types alone: nothing of it is in a program', async () => {
    const built = await Promise.all(['src/extension.ts', 'src/cli.ts', 'src/reader.ts'].map(bundled));
    const inputs = built.flatMap((each) => Object.keys(each.inputs));
    assert.ok(inputs.includes('src/inventory/project.ts'));
    assert.deepEqual(
      inputs.filter((path) => path.includes('@kubernetes/client-node')),
      [],
    );
  });

  it('has what reads files from outside in the program of the readers alone', async () => {
    const parsers =
      /^src\/(benchmarks\/readers|traces\/summary)\/|^src\/traces\/(kineto\/wasm-scanner|perfetto\/(trace-stream|normalise))\.ts$|\/reader-tasks\.ts$/;
    const found = async (entry: string): Promise<readonly string[]> =>
      Object.keys((await bundled(entry)).inputs).filter((path) => parsers.test(path));
    assert.ok((await found('src/reader.ts')).length > 20);
    assert.deepEqual(await found('src/extension.ts'), []);
    assert.deepEqual(await found('src/cli.ts'), []);
  });
});

/** All that a program consists of, parts that are loaded later with it. */
async function bundled(entry: string): Promise<Metafile> {
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    splitting: true,
    outdir: 'unused',
    write: false,
    metafile: true,
    logLevel: 'silent',
    external: ['vscode', 'sql.js', 'quickjs-emscripten', '@mongodb-js/zstd', 'node-liblzma'],
  });
  return metafile;
}
