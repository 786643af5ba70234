import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { build, transform, type BuildOptions, type Metafile, type OutputFile, type Plugin } from 'esbuild';

/** How both steps make CommonJS: `import()` becomes a `require` that runs when it is called. */
const commonJs = { format: 'cjs', platform: 'node', target: 'node22', supported: { 'dynamic-import': false } } as const;

/**
 * Makes CommonJS of a build of one entry that esbuild has split, which it does for ES modules only. The extension host's
 * loader of ES modules asks another thread for each import, and waits for ever where such a module is required
 * (microsoft/vscode#285417); `require` has neither cost. What the entry needs at once becomes one file, since each file
 * that is opened costs more than the kilobytes in it; what comes with `import()` stays in files of its own.
 */
export function commonJsParts(options: Pick<BuildOptions, 'minify' | 'sourcemap'>): Plugin {
  return {
    name: 'CommonJS parts',
    setup(splitting) {
      Object.assign(splitting.initialOptions, {
        format: 'esm',
        splitting: true,
        write: false,
        metafile: true,
        sourcemap: options.sourcemap === false ? false : 'inline',
      });
      splitting.onEnd(async ({ outputFiles = [], metafile }) => {
        if (metafile === undefined) return;
        const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
        const [entry = '', ...others] = neededAtOnce(metafile);
        const shared = new Map(others.map((path, index) => [path, `part${index}`]));
        const written = [await mergeEntry(entry, shared, texts, options)];
        for (const [path, text] of texts)
          if (path !== entry && !shared.has(path)) written.push(await part(path, text, entry, shared, options));
        await mkdir(dirname(entry), { recursive: true });
        for (const { path, text } of written) {
          await mkdir(dirname(path), { recursive: true });
          await writeFile(path, text);
        }
      });
    },
  };
}

type Written = Pick<OutputFile, 'path' | 'text'>;

/** The entry's file, then the files that it imports without waiting. */
function neededAtOnce({ outputs }: Metafile): readonly string[] {
  const entry = Object.keys(outputs).find(
    (path) =>
      outputs[path]?.entryPoint !== undefined &&
      !Object.values(outputs).some(({ imports }) =>
        imports.some((each) => each.kind === 'dynamic-import' && each.path === path),
      ),
  );
  if (entry === undefined) throw new Error('the build has no entry');
  const found = new Set([entry]);
  for (const path of found)
    for (const each of outputs[path]?.imports ?? [])
      if (each.kind === 'import-statement' && each.external !== true) found.add(each.path);
  return [...found].map((path) => resolve(path));
}

/** One file that also hands out, by name, what the parts share with it. */
async function mergeEntry(
  entry: string,
  shared: ReadonlyMap<string, string>,
  texts: ReadonlyMap<string, string>,
  options: Pick<BuildOptions, 'minify' | 'sourcemap'>,
): Promise<Written> {
  const exports = [...shared].map(([path, name]) => `export * as ${name} from ${JSON.stringify(path)};`);
  const { outputFiles } = await build({
    ...commonJs,
    ...options,
    stdin: { contents: [`export * from ${JSON.stringify(entry)};`, ...exports].join('\n'), resolveDir: dirname(entry) },
    bundle: true,
    write: false,
    external: ['vscode'],
    plugins: [
      {
        name: 'what the first step made',
        setup(merging) {
          merging.onResolve({ filter: /^[./]/ }, ({ path, importer, resolveDir }) => {
            const file = resolve(importer === '<stdin>' ? resolveDir : dirname(importer), path);
            return file === entry || shared.has(file)
              ? { path: file, namespace: 'made' }
              : { path: here(relative(dirname(entry), file)), external: true };
          });
          merging.onLoad({ filter: /.*/, namespace: 'made' }, ({ path }) => ({
            contents: texts.get(path) ?? '',
            loader: 'js',
          }));
        },
      },
    ],
  });
  return { path: entry, text: outputFiles[0]?.text ?? '' };
}

/** A part finds in the entry's file what the two share. */
async function part(
  path: string,
  text: string,
  entry: string,
  shared: ReadonlyMap<string, string>,
  options: Pick<BuildOptions, 'minify' | 'sourcemap'>,
): Promise<Written> {
  const { code } = await transform(text, { ...commonJs, ...options });
  return {
    path,
    text: code.replaceAll(/require\("(\.[^"]+)"\)/g, (call, wanted: string) => {
      const name = shared.get(resolve(dirname(path), wanted));
      return name === undefined ? call : `require(${JSON.stringify(here(relative(dirname(path), entry)))}).${name}`;
    }),
  };
}

/** A relative path as `require` wants it. */
function here(path: string): string {
  return path.startsWith('.') ? path : `./${path}`;
}
