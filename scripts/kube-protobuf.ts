// Writes src/demo/api/data/protobuf.json: how the Kubernetes kinds are laid out in protobuf, read off the struct tags of the
// Go modules k8s.io/api and k8s.io/apimachinery. Typed Go clients (kubectl create, helm) send their bodies in that form.
// Usage: node scripts/kube-protobuf.ts <directory of k8s.io/api> <directory of k8s.io/apimachinery> <release>
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const apiPackages = [
  'admissionregistration/v1',
  'apps/v1',
  'authentication/v1',
  'authorization/v1',
  'autoscaling/v1',
  'autoscaling/v2',
  'batch/v1',
  'coordination/v1',
  'core/v1',
  'discovery/v1',
  'events/v1',
  'networking/v1',
  'node/v1',
  'policy/v1',
  'rbac/v1',
  'resource/v1',
  'scheduling/v1',
  'storage/v1',
];
const metaPackage = 'pkg/apis/meta/v1';

/** Types that are written by hand in Go: the decoder knows them by these names. */
const handWritten: Readonly<Record<string, string>> = {
  'meta/v1.Time': 'time',
  'meta/v1.MicroTime': 'microtime',
  'meta/v1.Duration': 'duration',
  'meta/v1.FieldsV1': 'fields',
  'resource.Quantity': 'quantity',
  'intstr.IntOrString': 'intstr',
  'runtime.RawExtension': 'raw',
  'types.UID': 'string',
  'types.NodeName': 'string',
  'types.NamespacedName': 'string',
};
const primitives: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'bool',
  int: 'int',
  int32: 'int',
  int64: 'int',
  uint32: 'int',
  uint64: 'int',
  float64: 'double',
  byte: 'int',
};

interface Package {
  readonly name: string;
  readonly source: string;
  /** Import alias -> package name as used here. */
  readonly imports: ReadonlyMap<string, string>;
}

const [apiDirectory, machineryDirectory, release] = process.argv.slice(2);
if (apiDirectory === undefined || machineryDirectory === undefined || release === undefined)
  throw new Error('usage: node scripts/kube-protobuf.ts API_DIR APIMACHINERY_DIR RELEASE');

const packages: readonly Package[] = [
  ...apiPackages.map((name) => readPackage(name, join(apiDirectory, name))),
  readPackage('meta/v1', join(machineryDirectory, metaPackage)),
];

function readPackage(name: string, directory: string): Package {
  const source = ['types.go', 'micro_time.go']
    .map((file) => join(directory, file))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const imports = new Map(
    [...source.matchAll(/^\s+(?:(\w+)\s+)?"(k8s\.io\/[^"]+)"$/gm)].map(([, alias, path = '']) => [
      alias ?? path.split('/').at(-1) ?? '',
      shortName(path),
    ]),
  );
  return { name, source, imports };
}

function shortName(path: string): string {
  if (path.startsWith('k8s.io/api/')) return path.slice('k8s.io/api/'.length);
  return path === 'k8s.io/apimachinery/pkg/apis/meta/v1' ? 'meta/v1' : (path.split('/').at(-1) ?? path);
}

/** Named Go types that are no structs: `type Protocol string`. */
const aliases: ReadonlyMap<string, { readonly pkg: Package; readonly target: string }> = new Map(
  packages.flatMap((pkg) =>
    [...pkg.source.matchAll(/^type (\w+) (?!struct\b|interface\b)([^\s{]+)/gm)].map(
      ([, name = '', target = '']) =>
        [`${pkg.name}.${name}`, { pkg, target }] as [string, { pkg: Package; target: string }],
    ),
  ),
);

interface FieldType {
  readonly type: string;
  readonly shape: 'one' | 'list' | 'map';
  readonly pointer: boolean;
}

function fieldType(pkg: Package, text: string): FieldType {
  if (text.startsWith('*')) return { ...fieldType(pkg, text.slice(1)), pointer: true };
  if (text === '[]byte') return { type: 'bytes', shape: 'one', pointer: false };
  if (text.startsWith('[]')) return { type: fieldType(pkg, text.slice(2)).type, shape: 'list', pointer: false };
  const map = /^map\[[^\]]+\](.+)$/.exec(text);
  if (map) return { type: fieldType(pkg, map[1] ?? '').type, shape: 'map', pointer: false };
  const primitive = primitives[text];
  if (primitive !== undefined) return { type: primitive, shape: 'one', pointer: false };
  const dot = text.indexOf('.');
  const alias = text.slice(0, Math.max(dot, 0));
  const name = `${dot < 0 ? pkg.name : (pkg.imports.get(alias) ?? alias)}.${text.slice(dot + 1)}`;
  const known = handWritten[name];
  if (known !== undefined) return { type: known, shape: 'one', pointer: false };
  const target = aliases.get(name);
  if (target === undefined) return { type: name, shape: 'one', pointer: false };
  // A named list of strings is a message with one repeated field.
  if (target.target === '[]string') return { type: 'strings', shape: 'one', pointer: false };
  return fieldType(target.pkg, target.target);
}

const messages: Record<string, Record<string, string>> = {};
for (const pkg of packages) {
  for (const [, name = '', body = ''] of pkg.source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
    const fields: Record<string, string> = {};
    for (const [, declaration = '', tags = ''] of body.matchAll(/^\t([^/\n`]+?)\s+`([^`]*)`/gm)) {
      const number = /protobuf:"\w+,(\d+)/.exec(tags)?.[1];
      const json = /json:"([^"]*)"/.exec(tags)?.[1] ?? '';
      if (number === undefined) continue;
      const words = declaration.split(/\s+/);
      const { type, shape, pointer } = fieldType(pkg, words.at(-1) ?? '');
      const [jsonName = '', ...options] = json.split(',');
      const inline = options.includes('inline') || jsonName === '';
      const flags = [
        inline ? 'i' : '',
        shape === 'list' ? 'r' : shape === 'map' ? 'm' : '',
        options.some((option) => option.startsWith('omit')) && !pointer ? 'z' : '',
      ].join('');
      fields[number] = [jsonName, type, flags].join(' ').trimEnd();
    }
    if (Object.keys(fields).length > 0) messages[`${pkg.name}.${name}`] = fields;
  }
}
writeFileSync('src/demo/api/data/protobuf.json', JSON.stringify({ release, messages }));
console.log(`${Object.keys(messages).length} messages`);
