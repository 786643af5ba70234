import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { formatNumber } from '../../protocol/format.ts';
import type { JobCenter } from '../jobs.ts';

/** What is running, as long as something is; a click lists the jobs and cancels one. */
export function jobStatusItem(jobs: JobCenter): Disposable {
  const owned = new DisposableStore();
  const item = owned.add(vscode.window.createStatusBarItem('llmd.jobs', vscode.StatusBarAlignment.Left, 49));
  item.name = 'llm-d Jobs';
  item.command = 'llmd.showJobs';
  const show = (): void => {
    const [newest, ...others] = jobs.list();
    if (!newest) {
      item.hide();
      return;
    }
    const { message, fraction } = newest.progress;
    const percent = fraction === undefined ? '' : ` ${formatNumber(fraction * 100)} %`;
    item.text = `$(sync~spin) ${newest.title}${percent}${others.length > 0 ? ` (+${others.length})` : ''}`;
    item.tooltip = [newest, ...others].map((job) => `${job.title}: ${job.progress.message}`).join('\n');
    item.accessibilityInformation = { label: `${newest.title}: ${message}` };
    item.show();
  };
  show();
  owned.add(jobs.onDidChange(show));
  return owned;
}
