import { collate } from '../collate.ts';
import type { LiveBook, PickerColumn, RankColumn, RankLine } from './book.ts';
import type { ChartFigure, ChartLine, LiveChart } from './types.ts';

/** A rank that answered in one of so many rounds before is missed in a sum; after that it counts as gone. */
const MISSED_ROUNDS = 2;

type Values = readonly (number | null)[];

const NOTHING: Readonly<Record<ChartFigure, Values>> = {
  generationRate: [],
  promptRate: [],
  running: [],
  waiting: [],
  kvCacheUse: [],
  prefixHitRate: [],
  queue: [],
};

/** The kept time as lines: a line a rank, or a line a role of a deployment; endpoint pickers have their own. */
export function chartOf(book: LiveBook, lines: 'rank' | 'role'): LiveChart {
  const { ranks } = book;
  const rounds = Array.from({ length: ranks.length }, (_, round) => round);
  const ordered = book.rankLines.toSorted(byPlace);
  return {
    times: rounds.map((round) => ranks.time(round)),
    gapMs: book.gapMs,
    lines: [
      ...(lines === 'rank' ? rankLines(book, ordered, rounds) : roleLines(book, ordered, rounds)),
      ...pickerLines(book, rounds),
    ],
  };
}

function rankLines(book: LiveBook, lines: readonly RankLine[], rounds: readonly number[]): readonly ChartLine[] {
  const several = areSeveral(lines);
  const named = lines.map(
    ({ target, engine }) => `${several ? `${target.deployment} ` : ''}${target.role} ${target.group} dp ${engine}`,
  );
  const counts = Map.groupBy(named, (label) => label);
  return lines.map((line, index) => {
    const label = named[index] ?? '';
    // Servers that each count their engines from 0 are told apart by their place.
    const shown = counts.get(label)?.length === 1 ? label : `${line.target.pod}:${line.target.port} dp ${line.engine}`;
    return { id: line.id, label: shown, kind: 'rank', figures: figuresOf(book, [line], rounds) };
  });
}

function roleLines(book: LiveBook, lines: readonly RankLine[], rounds: readonly number[]): readonly ChartLine[] {
  const several = areSeveral(lines);
  return Map.groupBy(lines, ({ target }) => `${target.namespace}/${target.deployment}/${target.role}`)
    .entries()
    .flatMap(([id, ofRole]): readonly ChartLine[] => {
      const target = ofRole[0]?.target;
      return target === undefined
        ? []
        : [
            {
              id,
              label: several ? `${target.deployment} ${target.role}` : target.role,
              kind: 'role',
              figures: figuresOf(book, ofRole, rounds),
            },
          ];
    })
    .toArray();
}

function pickerLines({ pickers, pickerLines: targets }: LiveBook, rounds: readonly number[]): readonly ChartLine[] {
  return targets
    .toSorted((a, b) => collate(a.id, b.id))
    .map((target) => {
      const value = (column: PickerColumn, round: number): number | null =>
        known(pickers.value(target.id, column, round));
      return {
        id: target.id,
        label: targets.length === 1 ? 'endpoint picker' : `endpoint picker ${target.pod}`,
        kind: 'picker',
        figures: {
          ...NOTHING,
          queue: rounds.map(
            (round) => value('held', round) ?? value('queuedAtEndpoints', round) ?? value('averageQueue', round),
          ),
        },
      };
    });
}

function areSeveral(lines: readonly RankLine[]): boolean {
  return new Set(lines.map(({ target }) => `${target.namespace}/${target.deployment}`)).size > 1;
}

/** Sums over the lines, cache use as their mean, hits as a share of all queries. */
function figuresOf(book: LiveBook, lines: readonly RankLine[], rounds: readonly number[]): ChartLine['figures'] {
  const { ranks } = book;
  const present = rounds.map((round) => presentIn(book, lines, round));
  const overRounds = (ask: (there: readonly RankLine[], round: number) => number | null): Values =>
    rounds.map((round) => ask(present[round] ?? [], round));
  const values = (there: readonly RankLine[], column: RankColumn, round: number): readonly number[] =>
    there.map(({ id }) => ranks.value(id, column, round)).filter((value) => !Number.isNaN(value));
  const total = (column: RankColumn): Values => overRounds((there, round) => sum(values(there, column, round)));
  const rate = (column: RankColumn): Values =>
    overRounds((there, round) =>
      sum(
        there
          .map(({ id }) => ranks.value(id, column, round) / ranks.value(id, 'seconds', round))
          .filter((value) => !Number.isNaN(value)),
      ),
    );
  return {
    ...NOTHING,
    generationRate: rate('generated'),
    promptRate: rate('prompted'),
    running: total('running'),
    waiting: total('waiting'),
    kvCacheUse: overRounds((there, round) => mean(values(there, 'kvCacheUse', round))),
    prefixHitRate: overRounds((there, round) => {
      const queries = sum(values(there, 'queried', round)) ?? 0;
      return queries === 0 ? null : (sum(values(there, 'hit', round)) ?? 0) / queries;
    }),
  };
}

/** The ranks that answered; none when one is missed that was there a moment ago, because a sum without it would look like a fall. */
function presentIn({ ranks }: LiveBook, lines: readonly RankLine[], round: number): readonly RankLine[] {
  const answered = (id: string, at: number): number => ranks.value(id, 'answered', at);
  const missed = lines.some(
    ({ id }) =>
      answered(id, round) === 0 &&
      Array.from({ length: MISSED_ROUNDS }, (_, back) => answered(id, round - 1 - back)).includes(1),
  );
  return missed ? [] : lines.filter(({ id }) => answered(id, round) === 1);
}

function byPlace(a: RankLine, b: RankLine): number {
  return (
    collate(a.target.deployment, b.target.deployment) ||
    collate(a.target.role, b.target.role) ||
    a.target.group - b.target.group ||
    collate(a.engine, b.engine) ||
    collate(a.id, b.id)
  );
}

function sum(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number | null {
  const total = sum(values);
  return total === null ? null : total / values.length;
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
