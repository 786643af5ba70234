import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { formatNumber } from '../../protocol/format.ts';
import type { JobCenter } from '../jobs.ts';
import { StatusItem } from './status-bar.ts';

/** What is running, as long as something is; a click lists the jobs and cancels one. */
export function jobStatusItem(jobs: JobCenter): Disposable {
  const owned = new DisposableStore();
  const item = owned.add(
    new StatusItem({ id: 'llmd.jobs', name: 'llm-d Jobs', command: 'llmd.showJobs', priority: 49 }),
  );
  const show = (): void => {
    const [newest, ...others] = jobs.list();
    if (!newest) {
      item.hide();
      return;
    }
    const { message, fraction } = newest.progress;
    const percent = fraction === undefined ? '' : ` ${formatNumber(fraction * 100)} %`;
    item.show({
      icon: 'sync~spin',
      text: `${newest.title}${percent}${others.length > 0 ? ` (+${others.length})` : ''}`,
      tooltip: [newest, ...others].map((job) => `${job.title}: ${job.progress.message}`).join('\n'),
      spoken: `${newest.title}: ${message}`,
    });
  };
  show();
  owned.add(jobs.onDidChange(show));
  return owned;
}
