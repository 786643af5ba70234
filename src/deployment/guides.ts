import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { errorText, WorkbenchError } from '../base/errors.ts';
import type { Guide } from './types.ts';

const guideSchema = z.object({
  id: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string(),
  description: z.string(),
  /** Kinds that the cluster must serve, each with what to do where it does not. */
  requires: z.array(z.object({ apiVersion: z.string(), kind: z.string(), hint: z.string() })),
  secrets: z.array(z.object({ name: z.string(), key: z.string() })),
  gateway: z.string(),
  routing: z.object({ chart: z.string(), values: z.record(z.string(), z.unknown()) }),
  variants: z.array(z.object({ id: z.string(), title: z.string(), description: z.string() })).min(1),
  values: z.array(
    z.object({
      id: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
      title: z.string(),
      description: z.string(),
      kind: z.enum(['integer', 'string']),
      default: z.string(),
      minimum: z.number().int().optional(),
      pattern: z.string().optional(),
    }),
  ),
});

/** A guide as its `guide.yaml` describes it, with what only rendering needs. */
export type GuideFile = z.infer<typeof guideSchema> & { readonly folder: string };

/** Reads every `<manifests>/guides/<id>/guide.yaml`. One that does not parse is an error that names the file and the field. */
export async function readGuides(manifests: string): Promise<readonly GuideFile[]> {
  const root = join(manifests, 'guides');
  const folders = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  return Promise.all(folders.map((entry) => readGuide(join(root, entry.name))));
}

async function readGuide(folder: string): Promise<GuideFile> {
  const path = join(folder, 'guide.yaml');
  try {
    return { ...guideSchema.parse(parse(await readFile(path, 'utf8'))), folder };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : errorText(error);
    throw new WorkbenchError({
      code: 'guide-invalid',
      message: `${path} is not a guide: ${why}`,
      hint: 'Compare it with the wide-ep guide that comes with the Workbench.',
      cause: error,
    });
  }
}

/** What the user interface shows of a guide. */
export function describeGuide(file: GuideFile): Guide {
  return {
    id: file.id,
    title: file.title,
    description: file.description,
    model: file.values.find((value) => value.id === 'MODEL')?.default ?? '',
    variants: file.variants,
    values: file.values.map(({ minimum, pattern: _pattern, ...value }) =>
      minimum === undefined ? value : { ...value, minimum },
    ),
  };
}

/** The guide's defaults overridden by what was chosen, each checked against its rule. */
export function resolveValues(
  file: GuideFile,
  chosen: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const unknown = Object.keys(chosen).find((id) => !file.values.some((value) => value.id === id));
  if (unknown !== undefined)
    throw valueError(
      file,
      unknown,
      'the guide has no such value',
      `It has ${file.values.map((value) => value.id).join(', ')}.`,
    );
  return Object.fromEntries(
    file.values.map((value) => {
      const text = chosen[value.id] ?? value.default;
      if (value.kind === 'integer') {
        if (!/^\d{1,6}$/.test(text))
          throw valueError(file, value.id, `"${text}" is not a whole number`, value.description);
        if (value.minimum !== undefined && Number(text) < value.minimum)
          throw valueError(file, value.id, `${text} is less than ${value.minimum}`, value.description);
      } else if (!new RegExp(value.pattern ?? '^[A-Za-z0-9._/:@-]+$').test(text)) {
        throw valueError(
          file,
          value.id,
          `"${text}" is not allowed`,
          `It has to match ${value.pattern ?? 'letters, digits and . _ / : @ -'}.`,
        );
      }
      return [value.id, text];
    }),
  );
}

function valueError(file: GuideFile, id: string, why: string, hint: string): WorkbenchError {
  return new WorkbenchError({ code: 'bad-usage', message: `guide ${file.id}, value ${id}: ${why}`, hint });
}
