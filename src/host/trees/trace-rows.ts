import type { LocalTrace, RemoteTrace, RemoteTraces, TraceSet } from '../../traces/types.ts';
import { formatBytes, plural } from '../../protocol/format.ts';
import { BUSY, ERROR, plainText, type Row } from './row.ts';

/** What the profiler left in the pods, and what has been copied, the newest set first. */
export function traceRows(remote: RemoteTraces | undefined, local: readonly TraceSet[]): readonly Row[] {
  const rows = local.toSorted((a, b) => b.n - a.n).map(setRow);
  return remote && (remote.traces.length > 0 || remote.errors.length > 0) ? [remoteRow(remote), ...rows] : rows;
}

function remoteRow(remote: RemoteTraces): Row {
  const byPod = Map.groupBy(remote.traces, (trace) => trace.pod);
  const pods = byPod
    .entries()
    .map(([pod, traces]): Row => ({
      id: `remote/${pod}`,
      label: pod,
      description: `${plural(traces.length, 'file')} · ${formatBytes(totalBytes(traces))}`,
      icon: { id: 'package' },
      expand: 'collapsed',
      context: 'remotePod',
      target: { kind: 'remote-traces', traces },
      children: traces.map(remoteFileRow),
    }))
    .toArray();
  const errors = remote.errors.map((error): Row => ({
    id: `remote-error/${error.pod}`,
    label: error.pod,
    description: error.message,
    tooltip: `${plainText(error.message)}\n\n${plainText(error.hint)}`,
    icon: { id: 'error', color: ERROR },
    context: 'remoteError',
  }));
  return {
    id: 'remote',
    label: 'in pods',
    description: `${plural(remote.traces.length, 'file')} · ${formatBytes(totalBytes(remote.traces))}`,
    tooltip: 'Trace files that the profiler wrote inside the pods. They are gone when the pod is.',
    icon: { id: 'cloud' },
    expand: remote.errors.length > 0 ? 'expanded' : 'collapsed',
    context: remote.traces.length > 0 ? 'remote' : 'nothingRemote',
    target: { kind: 'remote-traces', traces: remote.traces },
    children: [...pods, ...errors],
  };
}

function remoteFileRow(trace: RemoteTrace): Row {
  const name = trace.path.split('/').at(-1) ?? trace.path;
  return {
    id: `remote/${trace.pod}${trace.path}`,
    label: name,
    description: `${formatBytes(trace.bytes)}${trace.complete ? '' : ' · still being written'}`,
    tooltip: `${plainText(trace.path)} in container ${plainText(trace.container)} of ${plainText(trace.pod)}, written ${new Date(trace.modified * 1000).toLocaleString()}`,
    icon: trace.complete ? { id: 'file-zip' } : { id: 'loading~spin', color: BUSY },
    context: 'remoteTrace',
    target: { kind: 'remote-traces', traces: [trace] },
  };
}

function setRow(set: TraceSet): Row {
  const bytes = set.traces.reduce((total, trace) => total + trace.bytes, 0);
  return {
    id: `set/${set.n}`,
    label: `traces/${set.n}`,
    description: [
      set.deployment,
      set.copiedAt === null ? null : copied(set.copiedAt),
      plural(set.traces.length, 'file'),
      formatBytes(bytes),
    ]
      .filter((part) => part !== null)
      .join(' · '),
    tooltip: `${plainText(set.folder)}\n\n${plural(set.traces.length, 'file')} of ${formatBytes(bytes)} on disk.`,
    icon: { id: 'folder' },
    expand: 'collapsed',
    context: 'traceSet',
    target: { kind: 'trace-set', n: set.n, folder: set.folder },
    children: set.traces.toSorted(byRank).map((trace) => localRow(set, trace)),
  };
}

function localRow(set: TraceSet, trace: LocalTrace): Row {
  const name = trace.path.split(/[\\/]/).at(-1) ?? trace.path;
  return {
    id: `local/${set.n}/${trace.path}`,
    label: trace.rank === null ? name : `rank ${trace.rank}`,
    description: `${trace.pod} · ${formatBytes(trace.bytes)}`,
    tooltip: plainText(trace.path),
    icon: { id: 'graph-line' },
    context: 'localTrace',
    target: { kind: 'local-trace', path: trace.path },
    opens: 'llmd.showTraceSummary',
  };
}

function copied(at: string): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  return date.toDateString() === new Date().toDateString() ? `today ${time}` : `${date.toLocaleDateString()} ${time}`;
}

function byRank(a: LocalTrace, b: LocalTrace): number {
  return (a.rank ?? Infinity) - (b.rank ?? Infinity) || a.path.localeCompare(b.path, 'en', { numeric: true });
}

function totalBytes(traces: readonly RemoteTrace[]): number {
  return traces.reduce((total, trace) => total + trace.bytes, 0);
}
