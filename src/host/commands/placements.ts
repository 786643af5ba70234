/** Where a menu shows a command, and when. That the cluster must not be known to refuse it need not be said. */
export interface Placement {
  readonly menu: 'view/title' | 'view/item/context' | 'explorer/context';
  readonly when: string;
  /** An entry for each: `inline@1` is a button of the row, `navigation@1` one of the title, all others are lines of the menu. */
  readonly groups: readonly string[];
}

type View = 'cluster' | 'modelServers' | 'benchmarks' | 'traces';

/** In the title of a view. */
export function title(view: View, group: string, when?: string): Placement {
  return { menu: 'view/title', when: and(`view == llmd.${view}`, when), groups: [group] };
}

/** At the rows that a clause picks out. */
export function row(clause: string, ...groups: readonly string[]): Placement {
  return { menu: 'view/item/context', when: clause, groups };
}

/** At the files of VS Code's explorer that a clause picks out. */
export function file(clause: string, group: string): Placement {
  return { menu: 'explorer/context', when: clause, groups: [group] };
}

/** The rows of a view whose `context` fits every pattern. */
function rows(view: View, ...patterns: readonly RegExp[]): string {
  return and(`view == llmd.${view}`, ...patterns.map((pattern) => `viewItem =~ ${String(pattern)}`));
}

export const MY_DEPLOYMENT = rows('modelServers', /^deployment\b.*\bmine\b/);
export const ANY_POD = String.raw`view =~ /^llmd\./ && viewItem =~ /^pod\b/`;
export const CRASHED_POD = rows('modelServers', /^pod\b.*\bcrashed\b/);
export const MY_SERVER = rows('modelServers', /^pod\b.*\bmine\b/, /\bserver\b/);
export const MY_SERVER_NOT_CRASHED = and(MY_SERVER, String.raw`!(viewItem =~ /\bcrashed\b/)`);
export const ANY_RUN = rows('benchmarks', /^run\b/);
export const ACTIVE_RUN = rows('benchmarks', /^run\b.*\bactive\b/);
export const FINISHED_RUN = rows('benchmarks', /^run\b.*\bfinished\b/);
export const CANDIDATE_RUN = rows('benchmarks', /^run\b.*\bfinished\b/, /\bcandidate\b/);
export const BASELINE_RUN = rows('benchmarks', /^run\b.*\bbaseline\b/);
export const REMOTE_TRACES = rows('traces', /^remote/);
export const LOCAL_TRACE = rows('traces', /^localTrace$/);
export const LOCAL_TRACES = rows('traces', /^(localTrace|traceSet)$/);
export const TRACE_FILE = String.raw`resourceFilename =~ /\.(pt\.trace\.json|trace\.json)(\.gz)?$/`;

function and(...clauses: readonly (string | undefined)[]): string {
  return clauses.filter((clause) => clause !== undefined).join(' && ');
}
