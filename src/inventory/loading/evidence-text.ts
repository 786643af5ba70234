import { stripVTControlCharacters } from 'node:util';
import { redact } from '../../base/redact.ts';
import type { Evidence, RankLog } from './types.ts';

/** The evidence as a text to read: the first cause with what to do on top, then each pod's last lines, the cause's pod first. */
export function evidenceText(evidence: Evidence): string {
  const { cause } = evidence;
  const logs = evidence.logs.toSorted((a, b) => Number(b.pod === cause?.pod) - Number(a.pod === cause?.pod));
  return redact([...heading(evidence), '', ...logs.flatMap(section)].join('\n'));
}

function heading({ namespace, pods, at, cause }: Evidence): readonly string[] {
  const crashed = `Crashed: ${pods.join(', ')} (namespace ${namespace}), noticed ${new Date(at).toISOString()}`;
  if (cause === undefined) return [crashed, 'First cause: none of the lines below names a known one.'];
  const place = [cause.pod, cause.rank === undefined ? '' : `rank ${cause.rank}`, cause.process ?? '']
    .filter((part) => part !== '')
    .join(', ');
  return [
    crashed,
    `${cause.certainty === 'root' ? 'First cause' : 'First sign (its cause is in no log that could be read)'}: ${cause.title}`,
    `What to do:  ${cause.hint}`,
    `Said by:     ${place}${cause.time === '' ? '' : ` at ${cause.time}`}`,
    `             ${cause.line.trim()}`,
  ];
}

function section({ pod, rank, exit, lines }: RankLog): readonly string[] {
  const title = [pod, rank === undefined ? '' : `rank ${rank}`, exit ?? ''].filter((part) => part !== '').join(', ');
  return [
    `==== ${title}: the last ${lines.length} lines`,
    ...lines.map(({ time, text }) => `${time} ${stripVTControlCharacters(text).replaceAll('\r', ' ')}`.trimStart()),
    '',
  ];
}
